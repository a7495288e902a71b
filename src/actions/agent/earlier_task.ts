/** The task whose conversation a prompt continues. */
import { action, hint, option } from "../../base/hint.ts";
import type { Adapter } from "../../agent/adapter.ts";
import type { PodStreamOpener } from "../../agent/pod_script.ts";
import { isOpen, type Task } from "../../agent/model.ts";
import { readTasksInPod } from "../../agent/read_tasks.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";

/** The bytes of a task's events that contain its last answer: enough to know whether it has a conversation. */
const lastWords = 256 * 1024;

/** How many existing tasks are named if the requested one doesn't exist. */
const namedTasks = 10;

/**
 * Finds the task; undefined if a new conversation starts.
 *
 * @throws KodamaError `notFound` if no task has the number, `conflict` if its task has no conversation.
 */
export async function earlierTask(
  streams: PodStreamOpener,
  target: Target,
  { adapter, wanted }: { adapter: Adapter; wanted: "new" | "latest" | number },
  signal: AbortSignal,
): Promise<Task | undefined> {
  const continues = (task: Task) => task.adapter === adapter.name && hasConversation(task);
  if (typeof wanted !== "number") {
    if (wanted === "new" || !adapter.converses) return undefined;
    return (await readTasksInPod(streams, target, { eventBytes: lastWords }, signal)).findLast(
      continues,
    );
  }
  const [task] = await readTasksInPod(
    streams,
    target,
    { number: wanted, eventBytes: lastWords },
    signal,
  );
  if (task === undefined) throw await noTask(streams, target, wanted, signal);
  if (continues(task)) return task;
  throw new KodamaError("conflict", `task ${wanted} has no conversation to go on with`, {
    hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows the tasks; ${
      option("new")
    } begins a conversation`,
  });
}

async function noTask(
  streams: PodStreamOpener,
  target: Target,
  wanted: number,
  signal: AbortSignal,
): Promise<KodamaError> {
  const tasks = await readTasksInPod(
    streams,
    target,
    { newest: namedTasks, eventBytes: 0 },
    signal,
  );
  const numbers = tasks.map(({ number }) => number).join(", ");
  return new KodamaError("notFound", `${target.pod} has no task ${wanted}`, {
    hint: numbers === "" ? "there are none yet" : `the newest are ${numbers}`,
  });
}

/** An agent that never got as far as its first answer has stored nothing. */
function hasConversation(task: Task): boolean {
  return task.conversation !== undefined && (isOpen(task) || task.progress.turns > 0);
}
