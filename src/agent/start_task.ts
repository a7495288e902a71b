/** Starts a task in a pod. */
import { definedOnly } from "../base/json_value.ts";
import { action, hint, option } from "../base/hint.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import type { Target } from "../kube/select/target.ts";
import type { Adapter, Permissions, TaskPlan } from "./adapter.ts";
import { CutError, type PodStreamOpener, runnerText, startAgentScript } from "./pod_script.ts";
import type { AgentManifest } from "./manifest.ts";
import type { Task } from "./model.ts";
import { wholeNumber } from "./read_answer.ts";
import { readTasksInPod } from "./read_tasks.ts";
import { requestLine, type TaskRequest } from "./task_request.ts";
import { quoted } from "../base/shell_quote.ts";
import { startScript } from "../exec/preamble.ts";

/** A task to start. */
export interface NewTask {
  adapter: Adapter;
  /** The description of the agent, if the adapter needs a description. */
  manifest?: AgentManifest;
  /** At most {@link maxPrompt} characters. */
  prompt: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** If absent: `/workspace`, or the home folder if there is none. */
  workdir?: string;
  /** The task has its turn also if a task that it waits for fails. */
  anyway?: boolean;
  createdAt: Date;
  /** A unique key. Letters and digits. Of tasks with the same key only the first has a turn. */
  key: string;
  /** A new conversation of this id, or an earlier task's. */
  conversation: { id: string; isNew: true } | { id: string; isNew: false; continues: number };
  /** `ask` only if the adapter has a dialogue. */
  permissions: Permissions;
  /** US dollars; only if the adapter limits the cost. */
  budgetUsd?: number;
}

/** For a prompt, in characters: a shell in the pod reads it byte by byte. */
const maxPrompt = 512 * 1024;

/**
 * Starts it, and returns: the task then runs alone. If the link breaks meanwhile, the pod is queried for the task.
 *
 * @returns its number.
 */
export async function startTaskInPod(
  streams: PodStreamOpener,
  target: Target,
  task: NewTask,
  signal: AbortSignal,
): Promise<number> {
  const files = fileLines(filesOf(task));
  try {
    return await send(streams, target, { key: task.key, files }, signal);
  } catch (error) {
    if (!(error instanceof CutError)) throw error;
    const found = await arrived(streams, target, task.key, signal);
    if (found === undefined) throw error;
    return found.number;
  }
}

async function arrived(
  streams: PodStreamOpener,
  target: Target,
  key: string,
  signal: AbortSignal,
): Promise<Task | undefined> {
  const tasks = await readTasksInPod(streams, target, {}, signal);
  return tasks.find((task) => task.key === key);
}

/** The files of its folder. */
function filesOf(task: NewTask): Record<string, string> {
  const { adapter, prompt, workdir, args, conversation, environment, permissions, budgetUsd } =
    task;
  if (prompt.trim() === "") throw new UsageError("the prompt is empty");
  if (prompt.length > maxPrompt) {
    throw new UsageError(`the prompt has more than ${maxPrompt / 1024} Ki characters`, {
      hint: "put it into a file of the workspace, and tell the agent to read that",
    });
  }
  const { id, isNew } = conversation;
  const request: TaskRequest = {
    adapter: adapter.name,
    ...definedOnly({ manifest: task.manifest }),
    key: task.key,
    prompt,
    ...definedOnly({ workdir }),
    createdAt: task.createdAt,
    ...(adapter.converses ? { conversation: id } : {}),
    ...("continues" in conversation ? { continues: conversation.continues } : {}),
    ...(task.anyway === true ? { anyway: true as const } : {}),
  };
  const variables = environmentLines(environment);
  const plan: TaskPlan = {
    args,
    conversation: { id, isNew },
    permissions,
    ...definedOnly({ budgetUsd }),
  };
  const { dialogue } = adapter;
  const talks = dialogue !== undefined && (dialogue.always || permissions === "ask");
  return {
    task: requestLine(request),
    key: task.key,
    ...(talks ? dialogue.files(prompt, plan) : { prompt }),
    start: startLines(adapter, { workdir, plan }),
    runner: runnerText(),
    ...(task.anyway === true ? { anyway: "" } : {}),
    ...(variables === "" ? {} : { environment: variables }),
  };
}

async function send(
  streams: PodStreamOpener,
  target: Target,
  { key, files }: { key: string; files: string },
  signal: AbortSignal,
): Promise<number> {
  await using script = await startAgentScript(streams, target, {
    script: "add",
    args: [key],
    signal,
  });
  const writing = script.write(files).catch(() => {
    // The script has exited: its end explains why.
  });
  const [added] = await script.expect("added");
  await writing;
  const number = wholeNumber(added);
  if (number !== undefined) return number;
  throw new KodamaError("server", `${target.pod} didn't report the number of the task`, {
    hint: hint`\`${action("agent.list", { name: "NAME" })}\` shows it`,
  });
}

/**
 * The file `start`: goes to the folder, exports the task's variables, and becomes the agent. Its argument is the task's
 * folder. 125 like `env --chdir`: nothing was started.
 */
function startLines(
  adapter: Adapter,
  { workdir, plan }: { workdir: string | undefined; plan: TaskPlan },
): string {
  const { promptFileMark: mark } = adapter;
  const args = adapter.command(plan).map((arg) =>
    (mark === undefined ? [arg] : arg.split(mark)).map(quoted).join('"$1/prompt"')
  ).join(" ");
  return `echo $$ >"$1/agent"
if [ -e "$1/environment" ]; then
. "$1/environment"
rm -f "$1/environment"
fi
${workdir === undefined ? anyFolder : `cd ${quoted(rooted(workdir))} || exit 125`}
${adapter.preparation}
[ -e "$1/talk" ] && pwd >"$1/cwd"
# The task's own files are its user's alone; what the agent makes is as any shell of a container makes it.
umask 022
set -- ${args}
${startScript}
`;
}

/** The default working folder of agents: in a session its repository, else the home folder. */
// A session's commands start in its workspace, which has another path on a node without mounts.
const anyFolder =
  '[ "${PWD##*/}" = workspace ] || { [ -d /workspace ] && cd /workspace; } || cd "$HOME" || exit 125';

/** A path that `cd` takes neither as an option nor through CDPATH. */
function rooted(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

/** The file `environment`. */
export function environmentLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new UsageError(`${name} can't be the name of a variable`, {
        hint: hint`names are letters, digits and underscores, as in ${
          option("env", "LOG_LEVEL=debug")
        }`,
      });
    }
    return `export ${name}=${quoted(value)}\n`;
  }).join("");
}

/**
 * Returns files as lines for the script `add`: `=NAME` starts a file, `+` precedes each of its lines, a dot ends all.
 * Every file ends with a line feed.
 *
 * @throws UsageError if a text contains a character that a text file can't contain.
 */
export function fileLines(files: Readonly<Record<string, string>>): string {
  const parts = Object.entries(files).map(([name, text]) => {
    if (text.includes("\0")) throw new UsageError(`the ${name} holds a NUL, and isn't text`);
    const lines = text.replace(/\n$/, "").split("\n").map((line) => `+${line}\n`);
    return `=${name}\n${lines.join("")}`;
  });
  return `${parts.join("")}.\n`;
}

/* Answers an agent that waits for an approval. */

/**
 * Sends a user's decision to the agent of a running task.
 *
 * @throws KodamaError `conflict` if the request has been answered, or the task doesn't run any more.
 */
export async function answerInPod(
  streams: PodStreamOpener,
  target: Target,
  { number, request, line }: { number: number; request: string; line: string },
  signal: AbortSignal,
): Promise<void> {
  const args = [String(number), request];
  await using script = await startAgentScript(streams, target, { script: "answer", args, signal });
  const writing = script.write(`${line}\n`).catch(() => {
    // The script has exited: its end explains why.
  });
  await script.expect("sent");
  await writing;
}

/* Ends a task that works or is queued. */

/** The result of an interrupt. */
export interface Interruption {
  number: number;
  /** The task had ended before. */
  late: boolean;
  /** Processes that KILL didn't end. */
  remaining: number;
}

/**
 * Interrupts. The pod completes it alone: a link that breaks changes nothing.
 *
 * @param number the current task if absent.
 * @throws KodamaError `conflict` if none works, `notFound` if there is none of the number.
 */
export async function interruptTaskInPod(
  streams: PodStreamOpener,
  target: Target,
  { number = 0, adapter }: { number?: number; adapter: Adapter },
  signal: AbortSignal,
): Promise<Interruption> {
  const { interrupt } = adapter;
  const graceSeconds = Math.ceil(interrupt.graceMs / 1000);
  const args = [number, interrupt.signal, interrupt.to, graceSeconds].map(String);
  await using running = await startAgentScript(streams, target, {
    script: "interrupt",
    args,
    signal,
  });
  const [found, state] = await running.expect("state");
  const late = state !== "alive";
  const [remaining] = late ? [] : await running.expect("remaining");
  await running.done();
  return {
    number: wholeNumber(found) ?? number,
    late,
    remaining: wholeNumber(remaining) ?? 0,
  };
}
