/** The first task of a session: given once, however often its start is resumed. */
import { action, hint, option } from "../../base/hint.ts";
import { adapterOf } from "../../agent/adapters.ts";
import { KodamaError } from "../../base/errors.ts";
import { scriptCommand } from "../../base/shell_script.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Session } from "../../session/model.ts";
import { runInPod } from "../../podscript/run_in_pod.ts";
import { quoted } from "../../base/shell_quote.ts";
import { readTasks, startTask, type Task } from "../agent/tasks.ts";
import type { Host } from "../host.ts";
import type { FirstTask } from "./events.ts";
import { folderInPod } from "./folder_in_pod.ts";

/** A task that was given, by this start or by an earlier start. */
interface GivenTask {
  number: number;
  already: boolean;
}

/**
 * Gives the task. If an earlier start gave it and was interrupted, its task is recognized by its prompt.
 *
 * @throws KodamaError `conflict` if the session was started with a different task.
 */
export async function giveTask(
  host: Host,
  { session, uid, target, task, signal }: {
    session: Session;
    /** The uid of its state. */
    uid: string;
    target: Target;
    task: FirstTask;
    signal: AbortSignal;
  },
): Promise<GivenTask> {
  const first = session.agent === undefined ? {} : { number: session.agent.task };
  const tasks = await readTasks(host, target, { ...first, signal });
  const same = tasks.find((one) => isOf(one, task));
  if (same !== undefined) return { number: same.number, already: true };
  if (session.agent !== undefined) throw otherFirstTask(session);
  await requireAgent(host, { session, target, task, signal });
  const once = `first${uid.replaceAll(/[^0-9A-Za-z]/g, "")}`;
  const folder = await folderInPod(host, { session, uid, target }, signal);
  const { number } = await startTask(host, target, { ...task, folder, once, signal });
  // Another start may have given it at the same moment: the task with the lower number runs.
  const all = await readTasks(host, target, { signal });
  const taken = all.find(({ key }) => key === once);
  if (taken === undefined || taken.number === number) return { number, already: false };
  if (!isOf(taken, task)) throw otherFirstTask(session);
  return { number: taken.number, already: true };
}

/** Throws KodamaError `environment` if the session's image doesn't have the task's agent. */
async function requireAgent(
  host: Host,
  { session, target, task, signal }: {
    session: Session;
    target: Target;
    task: FirstTask;
    signal: AbortSignal;
  },
): Promise<void> {
  const { preparation, program } = adapterOf(task);
  if (program === undefined) return;
  const client = await host.kube(target.context);
  const script = `${preparation}\ncommand -v ${quoted(program)} >/dev/null || exit ${notFound}`;
  const { outcome } = await runInPod({ client, target, clock: host.clock, signal }, {
    argv: scriptCommand([script], []),
    timeoutMs: 15_000,
  });
  // If the pod can't be reached, the next step fails, with its own reason.
  if (outcome.kind !== "failed" || outcome.exitCode !== notFound) return;
  const { name, spec: { image } } = session;
  throw new KodamaError(
    "environment",
    `the image ${image} has no ${program}, so the task wasn't given`,
    {
      hint: hint`install it in the session (${
        action("attach", { name })
      }) and run the same start again, or delete the session and choose another ${
        option("image")
      }; ${option("adapter")} command runs a command instead`,
    },
  );
}

/** A shell's exit code for a program that it can't find. */
const notFound = 127;

function otherFirstTask({ name }: Session): KodamaError {
  return new KodamaError("conflict", `session "${name}" was started with another prompt`, {
    hint: hint`${action("prompt", { name, prompt: "…" })} gives its agent a further task`,
  });
}

/** Only the beginning of a long prompt is stored. */
function isOf({ adapter, prompt }: Task, task: FirstTask): boolean {
  return adapter === task.adapter && task.prompt.trim().startsWith(prompt.replace(/…$/, "").trim());
}
