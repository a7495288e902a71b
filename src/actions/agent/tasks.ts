/** Tasks of agents in pods: started, read, followed, ended. */
import {
  answerInPod,
  type Interruption,
  interruptTaskInPod,
  startTaskInPod,
} from "../../agent/start_task.ts";
import { type FoundTask, readTasksInPod, type TaskChoice } from "../../agent/read_tasks.ts";
import { action, hint, option } from "../../base/hint.ts";
import {
  type Adapter,
  adapterNames,
  type Decision,
  type Permissions,
} from "../../agent/adapter.ts";
import { adapterNamed, adapterOf } from "../../agent/adapters.ts";
import type { AgentManifest } from "../../agent/manifest.ts";
import { type Approval, currentOf, isOpen, isRunning, type Task } from "../../agent/model.ts";
import type { PodStreamOpener } from "../../agent/pod_script.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { Outages } from "../../exec/outages.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import { plainText } from "../../base/plain_text.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { settingsOf } from "../config/setting_sources.ts";
import { chosenSettings } from "../exec/settings.ts";

export type { AgentEvent, Approval, Task, TaskStatus, Tokens } from "../../agent/model.ts";
export type { Decision, Permissions } from "../../agent/adapter.ts";

/** A task to start. */
interface StartTaskOptions {
  /** One of kodama's own, or an agent of the setting `agents`. */
  adapter: string;
  /** That of the adapter, if the caller has it; else it is that of the settings, or of an earlier task of the pod. */
  manifest?: AgentManifest;
  prompt: string;
  /** The command of the adapter `command`; otherwise args appended to the adapter's own. */
  args?: readonly string[];
  /** Only for this task: it isn't stored in the pod, and isn't in an argument list. */
  environment?: Readonly<Record<string, string>>;
  /** If absent, that of the conversation; otherwise `/workspace`, or the home folder without one. */
  workdir?: string;
  /** The folder of a new conversation without `workdir`. */
  folder?: string | undefined;
  /**
   * `latest` continues the adapter's newest conversation of the pod, and starts one if there is none, or if it knows of
   * none; a number continues that task's.
   */
  conversation?: "new" | "latest" | number;
  /** `bypass` if absent. */
  permissions?: Permissions;
  /** It has its turn also if a task that it waits for fails. */
  anyway?: boolean;
  /** US dollars: the agent ends the task, as failed, when it has cost this much. */
  budgetUsd?: number;
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
  const { prompt, args = [], environment = {}, signal } = options;
  const streams = await podStreams(host);
  const tasks = await readTasksInPod(streams, target, everyTask, signal);
  const manifest = options.manifest ?? await manifestOf(host, options.adapter, tasks);
  const adapter = adapterNamed(options.adapter, manifest);
  const { conversation: requested = "latest", permissions = "bypass" } = options;
  if (permissions === "ask" && adapter.dialogue === undefined) {
    throw new UsageError(`the adapter ${adapter.name} can't ask for approvals`, {
      hint: hint`${
        option("permissions", "ask")
      } is for Claude Code, and for agents of the protocol ACP`,
    });
  }
  const { budgetUsd } = options;
  if (budgetUsd !== undefined && !adapter.limitsCost) {
    throw new UsageError(`the adapter ${adapter.name} knows no cost`, {
      hint: hint`${option("budget")} is for Claude Code`,
    });
  }
  const before = await earlierTask(streams, target, { adapter, requested }, signal);
  const workdir = options.workdir ?? (before === undefined ? options.folder : before.workdir);
  const number = await startTaskInPod(streams, target, {
    adapter,
    ...(manifest === undefined ? {} : { manifest }),
    prompt,
    args,
    environment,
    ...(workdir === undefined ? {} : { workdir }),
    createdAt: host.clock.now(),
    key: options.once ?? crypto.randomUUID().replaceAll("-", ""),
    permissions,
    anyway: options.anyway ?? false,
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
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

/**
 * Returns the manifest of an agent that isn't kodama's own: that of the settings, else that of the pod's newest task of
 * this agent.
 *
 * @throws UsageError if there is no such agent.
 */
async function manifestOf(
  host: Host,
  name: string,
  tasks: readonly Task[],
): Promise<AgentManifest | undefined> {
  if (isOwnAdapter(name)) return undefined;
  const { agents } = await settingsOf(host);
  const earlier = tasks.findLast((task) => task.adapter === name)?.manifest;
  return earlier === undefined || Object.hasOwn(agents ?? {}, name)
    ? await describedAgent(agents, name)
    : earlier;
}

function isOwnAdapter(name: string): boolean {
  return adapterNames.some((one) => one === name);
}

/**
 * Returns the manifest of an agent in settings; undefined for kodama's own adapters.
 *
 * @throws UsageError if there is no such agent.
 */
export async function describedAgent(
  agents: Settings["agents"] = {},
  name: string,
): Promise<AgentManifest | undefined> {
  if (isOwnAdapter(name)) return undefined;
  const found = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (found === undefined) {
    throw await unknownAgent(name, [...adapterNames, ...Object.keys(agents)]);
  }
  const { protocol, command, ...others } = found;
  return { protocol, command, ...definedOnly(others) };
}

async function unknownAgent(
  name: string,
  known: readonly string[],
  { correct = true } = {},
): Promise<UsageError> {
  const [nearest] = correct ? await nearestNames(name, known) : [];
  return new UsageError(`there is no agent "${plainText(name, 60)}"`, {
    hint: nearest === undefined
      ? hint`known are ${known.join(", ")}; the setting agents describes others`
      : hint`did you mean ${nearest}?`,
  });
}

/** What an agent can do, besides working. */
export interface AgentAbilities {
  name: string;
  /** It can wait for approvals of its tools. */
  asks: boolean;
  /** It can end a task that has cost more than a budget. */
  limitsCost: boolean;
}

/** Returns the agents that need no command line: kodama's own, and those of the settings. */
export async function knownAgents(host: Host): Promise<AgentAbilities[]> {
  const { agents } = await settingsOf(host);
  const described = await Promise.all(
    Object.keys(agents ?? {}).map(async (name) =>
      adapterNamed(name, await describedAgent(agents, name))
    ),
  );
  const own = adapterNames.map((name) => adapterNamed(name));
  return [...own, ...described].filter(({ program }) => program !== undefined)
    .map(({ name, dialogue, limitsCost }) => ({ name, asks: dialogue !== undefined, limitsCost }));
}

/**
 * Returns one of {@link knownAgents}.
 *
 * @throws UsageError with their names if there is no such agent.
 */
export async function knownAgent(host: Host, name: string): Promise<AgentAbilities> {
  const known = await knownAgents(host);
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return found;
  // A model gets all of them: it can't ask for a list.
  throw await unknownAgent(name, known.map((one) => one.name), { correct: false });
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
  const current = currentOf(await readTasksInPod(streams, target, choice, signal));
  if (current?.partial !== true) return current;
  const [whole] = await readTasksInPod(streams, target, { number: current.number }, signal);
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
  const tasks = await readTasksInPod(streams, target, everyTask, signal);
  return tasks.some((task) => task.number < number && isOpen(task));
}

/** Returns the number of the task that the agent works on; undefined if it works on none. */
export async function workingTask(
  host: Host,
  target: Target,
  signal: AbortSignal,
): Promise<number | undefined> {
  const tasks = await readTasksInPod(await podStreams(host), target, everyTask, signal);
  return tasks.find(isRunning)?.number;
}

/** A running task that waits, and the approvals that it waits for, the oldest first. */
export interface WaitingTask {
  task: Task;
  approvals: readonly Approval[];
}

/** Returns the task of a pod that waits for approvals, if there is one: only one runs at a time. */
export async function waitingTask(
  host: Host,
  target: Target,
  signal: AbortSignal,
): Promise<WaitingTask | undefined> {
  const task = await currentTask(host, target, signal);
  if (task?.status.state !== "waiting" || task.status.approvals === undefined) return undefined;
  return { task, approvals: task.status.approvals };
}

/**
 * Sends a user's decision to the agent.
 *
 * @throws KodamaError `conflict` if the request has been answered, or the task doesn't run any more.
 */
export async function answerApproval(
  host: Host,
  target: Target,
  { task, approval, decision, signal }: {
    task: Task;
    approval: Approval;
    decision: Decision;
    signal: AbortSignal;
  },
): Promise<void> {
  const { dialogue } = adapterOf(task);
  if (dialogue === undefined) throw new TypeError(`${task.adapter} has no dialogue`);
  if (decision.kind === "deny" && decision.message !== undefined && !dialogue.takesMessages) {
    throw new UsageError("this agent reads no message with a refusal", {
      hint: hint`refuse it without one, and give the reason by ${
        action("prompt", { name: "NAME", prompt: "…" })
      }`,
    });
  }
  const line = dialogue.answer(approval, decision);
  const { request } = approval;
  const streams = await podStreams(host);
  await answerInPod(streams, target, { number: task.number, request, line }, signal);
}

/** Returns the newest tasks (20 by default), the oldest first; or the one of a number. */
export async function readTasks(
  host: Host,
  target: Target,
  { signal, ...choice }: TaskChoice & { signal: AbortSignal },
): Promise<readonly FoundTask[]> {
  return await readTasksInPod(await podStreams(host), target, choice, signal);
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
    }\` starts one`,
  });
}

/** How a task was ended. */
export interface InterruptedTask extends Interruption {
  adapter: string;
  /** The queued task that has its turn next. */
  next: Task | undefined;
  /** The numbers of queued tasks that don't run, because they were queued behind it. */
  dropped: readonly number[];
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
  const tasks = await readTasksInPod(streams, target, everyTask, signal);
  const task = tasks.find(number === undefined ? isOpen : (one) => one.number === number);
  const adapter = task === undefined ? adapterNamed("") : adapterOf(task);
  const requested = task === undefined ? choice : { number: task.number };
  const done = await interruptTaskInPod(streams, target, { ...requested, adapter }, signal);
  const queued = tasks.filter(({ number, status }) =>
    status.state === "queued" && number > done.number
  );
  // A task that is taken from the queue hasn't failed.
  const hasFailed = !done.late && task?.status.state !== "queued";
  const next = hasFailed ? queued.find(({ anyway }) => anyway === true) : undefined;
  const dropped = hasFailed ? queued.filter(({ anyway }) => anyway !== true) : [];
  return {
    ...{ ...done, adapter: adapter.name, next },
    dropped: dropped.map(({ number }) => number),
  };
}

/** Streams are opened like those of a run: a server that is down is retried. */
export async function podStreams(host: Host): Promise<PodStreamOpener & { clock: Clock }> {
  const { connectTimeoutMs } = await chosenSettings(host, {});
  const outages = new Outages(host.clock, connectTimeoutMs);
  return {
    clock: host.clock,
    async open({ context, pod }, request, signal) {
      const client = await host.kube(context);
      using deadline = new Deadline(host.clock, connectTimeoutMs, signal);
      try {
        const ask = () => client.exec(request, { signal: deadline.signal });
        return await outages.retry(context, ask, deadline.signal);
      } catch (error) {
        if (!deadline.expired || error instanceof KodamaError) throw error;
        const seconds = Math.round(connectTimeoutMs / 1000);
        throw new KodamaError("timeout", `no stream to ${pod} was open within ${seconds}s`, {
          hint: hint`is the node there? \`${
            action("config.set", { key: "exec.connectTimeout", value: "1m" })
          }\` waits longer`,
        });
      }
    },
  };
}

/* The task whose conversation a prompt continues. */

/** The bytes of a task's events that contain its last answer: enough to know whether it has a conversation. */
const lastAnswerBytes = 256 * 1024;

/** How many existing tasks are named if the requested one doesn't exist. */
const namedTasks = 10;

/**
 * Finds the task; undefined if a new conversation starts.
 *
 * @throws KodamaError `notFound` if no task has the number, `conflict` if its task has no conversation.
 */
async function earlierTask(
  streams: PodStreamOpener,
  target: Target,
  { adapter, requested }: { adapter: Adapter; requested: "new" | "latest" | number },
  signal: AbortSignal,
): Promise<Task | undefined> {
  const continues = (task: Task) => task.adapter === adapter.name && hasConversation(task);
  if (typeof requested !== "number") {
    if (requested === "new" || !adapter.converses) return undefined;
    return (await readTasksInPod(streams, target, { eventBytes: lastAnswerBytes }, signal))
      .findLast(continues);
  }
  const [task] = await readTasksInPod(
    streams,
    target,
    { number: requested, eventBytes: lastAnswerBytes },
    signal,
  );
  if (task === undefined) throw await noTaskOf(streams, target, requested, signal);
  if (continues(task)) return task;
  throw new KodamaError("conflict", `task ${requested} has no conversation to continue`, {
    hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows the tasks; ${
      option("new")
    } starts a conversation`,
  });
}

async function noTaskOf(
  streams: PodStreamOpener,
  target: Target,
  requested: number,
  signal: AbortSignal,
): Promise<KodamaError> {
  const tasks = await readTasksInPod(
    streams,
    target,
    { newest: namedTasks, eventBytes: 0 },
    signal,
  );
  const numbers = tasks.map(({ number }) => number).join(", ");
  return new KodamaError("notFound", `${target.pod} has no task ${requested}`, {
    hint: numbers === "" ? "there are none yet" : `the newest are ${numbers}`,
  });
}

/** An agent that never got as far as its first answer has stored nothing. */
function hasConversation(task: Task): boolean {
  return task.conversation !== undefined && (isOpen(task) || task.progress.turns > 0);
}
