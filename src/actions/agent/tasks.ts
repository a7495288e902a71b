/** Tasks of agents in pods: started, read, followed, ended. */
import { action, hint } from "../../base/hint.ts";
import * as interrupting from "../../agent/interrupt_task.ts";
import * as reading from "../../agent/read_tasks.ts";
import * as starting from "../../agent/start_task.ts";
import type { AdapterName } from "../../agent/adapter_names.ts";
import { adapterNamed } from "../../agent/adapters.ts";
import { currentOf, isOpen, type Task } from "../../agent/model.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { earlierTask } from "./earlier_task.ts";
import { podStreams } from "./pod_streams.ts";

export type { AgentEvent, Task, TaskState, TaskStatus, Tokens } from "../../agent/model.ts";
export type { AdapterName } from "../../agent/adapter_names.ts";

/** A task to start. */
export interface StartTaskOptions {
  adapter: AdapterName;
  prompt: string;
  /** The command of the adapter `command`; otherwise args appended to the adapter's own. */
  words?: readonly string[];
  /** Only for this task: it isn't stored in the pod, and isn't in an argument list. */
  environment?: Readonly<Record<string, string>>;
  /** If absent, that of the conversation; otherwise `/workspace`, or the home folder without one. */
  workdir?: string;
  /**
   * `latest` continues the adapter's newest conversation of the pod, and starts one if there is none, or if it knows of
   * none; a number continues that task's.
   */
  conversation?: "new" | "latest" | number;
  /** Letters and digits; a task given twice with the same key runs once: see {@link StartedTask.number}. */
  once?: string;
  signal: AbortSignal;
}

/** A task that was started. */
export interface StartedTask {
  /** With `once` the number it got, though another task of the same key may run instead. */
  number: number;
  /** The task whose conversation it continues. */
  continues?: number;
  /** Tasks that run before it. */
  behind: readonly number[];
}

/**
 * Starts a task in a running pod with a home folder, detached: it continues whatever happens to this process. If
 * another one is running, it waits for its turn.
 *
 * @throws KodamaError: the pod can't be reached, its image lacks something, or the conversation doesn't exist.
 */
export async function startTask(
  host: Host,
  target: Target,
  options: StartTaskOptions,
): Promise<StartedTask> {
  const { prompt, words = [], environment = {}, signal } = options;
  const streams = await podStreams(host);
  const adapter = adapterNamed(options.adapter);
  const { conversation: wanted = "latest" } = options;
  const before = await earlierTask(streams, target, { adapter, wanted }, signal);
  const tasks = await reading.readTasksInPod(streams, target, everyTask, signal);
  const workdir = options.workdir ?? before?.workdir;
  const number = await starting.startTaskInPod(streams, target, {
    adapter,
    prompt,
    args: words,
    environment,
    ...(workdir === undefined ? {} : { workdir }),
    createdAt: host.clock.now(),
    key: options.once ?? crypto.randomUUID().replaceAll("-", ""),
    conversation: before?.conversation === undefined
      ? { id: crypto.randomUUID(), isNew: true }
      : { id: before.conversation, isNew: false, continues: before.number },
  }, signal);
  return {
    number,
    ...(before === undefined ? {} : { continues: before.number }),
    behind: tasks.filter(isOpen).map((task) => task.number),
  };
}

/** All of them, with only their state: more than wait in any pod. */
const everyTask = { newest: 1000, eventBytes: 0 };

/** The bytes of a task's events that contain its agent's result. */
const verdictBytes = 32 * 1024;

/** Returns a pod's current task: see {@link currentOf}. Undefined if it has none. */
export async function currentTask(
  host: Host,
  target: Target,
  signal: AbortSignal,
): Promise<Task | undefined> {
  const streams = await podStreams(host);
  const choice = { ...everyTask, eventBytes: verdictBytes };
  const current = currentOf(await reading.readTasksInPod(streams, target, choice, signal));
  if (current?.partial !== true) return current;
  const [whole] = await reading.readTasksInPod(streams, target, { number: current.number }, signal);
  return whole ?? current;
}

/** Returns whether another task runs before this one. If none does, it has only just started. */
export async function isBehind(
  host: Host,
  target: Target,
  number: number,
  signal: AbortSignal,
): Promise<boolean> {
  const streams = await podStreams(host);
  const tasks = await reading.readTasksInPod(streams, target, everyTask, signal);
  return tasks.some((task) => task.number < number && isOpen(task));
}

/** Returns the number of the task that the agent works on; undefined if it works on none. */
export async function workingTask(
  host: Host,
  target: Target,
  signal: AbortSignal,
): Promise<number | undefined> {
  const tasks = await reading.readTasksInPod(await podStreams(host), target, everyTask, signal);
  return tasks.find(({ status }) => status.state === "working")?.number;
}

/** Returns the newest tasks (20 by default), the oldest first; or the one of a number. */
export async function readTasks(
  host: Host,
  target: Target,
  { newest, number, signal }: { newest?: number; number?: number; signal: AbortSignal },
): Promise<readonly reading.FoundTask[]> {
  const choice = {
    ...(newest === undefined ? {} : { newest }),
    ...(number === undefined ? {} : { number }),
  };
  return await reading.readTasksInPod(await podStreams(host), target, choice, signal);
}

/** Returns the task of a number, or the newest. Throws a `KodamaError` if there is none. */
export async function oneTask(
  host: Host,
  target: Target,
  { number, signal }: { number?: number; signal: AbortSignal },
): Promise<Task> {
  const choice = number === undefined ? { newest: 1 } : { number };
  const [task] = await readTasks(host, target, { ...choice, signal });
  if (task !== undefined) return task;
  throw noTask(target, number);
}

/** Returns the error of a task that doesn't exist. */
export function noTask({ pod }: Target, number: number | undefined): KodamaError {
  const which = number === undefined ? "no tasks" : `no task ${number}`;
  return new KodamaError("notFound", `${pod} has ${which}`, {
    hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows its tasks; \`${
      action("prompt", { name: "NAME", prompt: "…" })
    }\` begins one`,
  });
}

/** How a task was ended. */
export interface InterruptedTask extends interrupting.Interruption {
  adapter: string;
}

/**
 * Ends a task: the current one if no number is given, otherwise the one of the number, also while it is queued.
 *
 * @throws KodamaError `conflict` if no agent works, `notFound` if there is no such task.
 */
export async function interruptTask(
  host: Host,
  target: Target,
  { number, signal }: { number?: number; signal: AbortSignal },
): Promise<InterruptedTask> {
  const choice = number === undefined ? {} : { number };
  const streams = await podStreams(host);
  const tasks = await reading.readTasksInPod(streams, target, { ...everyTask, ...choice }, signal);
  const task = number === undefined ? tasks.find(isOpen) : tasks[0];
  const adapter = adapterNamed(task?.adapter ?? "");
  const wanted = task === undefined ? choice : { number: task.number };
  const done = await interrupting.interruptTaskInPod(
    streams,
    target,
    { ...wanted, adapter },
    signal,
  );
  return { ...done, adapter: adapter.name };
}
