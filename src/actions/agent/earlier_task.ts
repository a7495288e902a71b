/** The task whose conversation a prompt goes on with. */
import type { Adapter } from "../../agent/adapter.ts";
import type { FarWorld } from "../../agent/far_call.ts";
import { isOpen, type Task } from "../../agent/model.ts";
import { readTasks } from "../../agent/read_tasks.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/target.ts";

/** Bytes of a task's events in which its last answer is found: enough to know whether it has a conversation. */
const lastWords = 256 * 1024;

/** Of tasks that there are, so many are named where another one is asked for. */
const namedTasks = 10;

/**
 * Looks for it; undefined where a conversation begins.
 *
 * @throws KodamaError `notFound` for a number that no task has, `conflict` for one of a task without a conversation.
 */
export async function earlierTask(
  world: FarWorld,
  target: Target,
  { adapter, wanted }: { adapter: Adapter; wanted: "new" | "latest" | number },
  signal: AbortSignal,
): Promise<Task | undefined> {
  const continues = (task: Task) => task.adapter === adapter.name && hasConversation(task);
  if (typeof wanted !== "number") {
    if (wanted === "new" || !adapter.converses) return undefined;
    return (await readTasks(world, target, { eventBytes: lastWords }, signal)).findLast(continues);
  }
  const [task] = await readTasks(world, target, { number: wanted, eventBytes: lastWords }, signal);
  if (task === undefined) throw await noTask(world, target, wanted, signal);
  if (continues(task)) return task;
  throw new KodamaError("conflict", `task ${wanted} has no conversation to go on with`, {
    hint: "`kodama agent list NAME` shows the tasks; --new begins a conversation",
  });
}

async function noTask(
  world: FarWorld,
  target: Target,
  wanted: number,
  signal: AbortSignal,
): Promise<KodamaError> {
  const tasks = await readTasks(world, target, { newest: namedTasks, eventBytes: 0 }, signal);
  const numbers = tasks.map(({ number }) => number).join(", ");
  return new KodamaError("notFound", `${target.pod} has no task ${wanted}`, {
    hint: numbers === "" ? "there are none yet" : `the newest are ${numbers}`,
  });
}

/** An agent that never got as far as its first answer has written nothing down. */
function hasConversation(task: Task): boolean {
  return task.conversation !== undefined && (isOpen(task) || task.progress.turns > 0);
}
