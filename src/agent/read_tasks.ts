/** The current tasks of a pod. */
import { definedOnly } from "../base/json_value.ts";
import type { Target } from "../kube/select/target.ts";
import { adapterNamed, adapterOf } from "./adapters.ts";
import { EventReader } from "./event_lines.ts";
import { type PodStreamOpener, startAgentScript, tailBytes } from "./pod_script.ts";
import type { AgentEvent, Approval, Task, TaskProgress, TaskStatus, Tokens } from "./model.ts";
import { answerParts, wholeNumber } from "./read_answer.ts";
import type { ScriptMessage } from "../podscript/messages.ts";
import { readRequest, type TaskRequest } from "./task_request.ts";

/** The tasks to read. */
export interface TaskChoice {
  /** The newest N tasks. */
  newest?: number;
  number?: number;
  /** How many bytes from the end of each task's events; the maximum if absent. */
  eventBytes?: number;
  /** The pod isn't the agent's own, whose session is stopped: queued tasks wait for the next pod. */
  isStopped?: boolean;
}

/** The default if no number is requested. */
const newestByDefault = 20;

/** The most requests of a task for approvals. */
const maxAnswered = 10_000;

/** For a task's events. */
const maxEventBytes = 8 * 1024 * 1024;

/** A task, and the key by which its start is found again. */
export interface FoundTask extends Task {
  key: string;
}

/** Bytes of a task's events, and their offset. */
interface EventPiece {
  bytes: Uint8Array;
  at: number;
}

/** Reads them, the oldest first. */
export async function readTasksInPod(
  streams: PodStreamOpener,
  target: Target,
  choice: TaskChoice,
  signal: AbortSignal,
): Promise<FoundTask[]> {
  const found = await readFiles(streams, target, { ...choice, withEvents: false }, signal);
  return ownCounts(found.map((files) => files.task()).filter((task) => task !== undefined));
}

/**
 * Returns the tasks with their own tokens and costs: some agents count them over a conversation, whose earlier task must
 * then be among these.
 */
export function ownCounts<
  T extends Pick<Task, "number" | "adapter" | "manifest" | "continues"> & {
    progress: Pick<Task["progress"], "tokens" | "costUsd">;
  },
>(tasks: readonly T[]): T[] {
  const counted = new Map(tasks.map(({ number, progress }) => [number, progress]));
  return tasks.map((task) => {
    const before = task.continues === undefined ? undefined : counted.get(task.continues);
    if (before === undefined) return task;
    const { tokensOf, costOf } = adapterOf(task);
    const progress = { ...task.progress };
    if (tokensOf === "conversation") {
      progress.tokens = { ...progress.tokens };
      for (const kind of Object.keys(progress.tokens) as (keyof Tokens)[]) {
        progress.tokens[kind] = Math.max(0, progress.tokens[kind] - before.tokens[kind]);
      }
    }
    if (costOf === "conversation" && progress.costUsd !== undefined) {
      progress.costUsd = Math.max(0, progress.costUsd - (before.costUsd ?? 0));
    }
    return { ...task, progress };
  });
}

/** Returns a task, the newest if no number is given, with its available events. */
export async function readEvents(
  streams: PodStreamOpener,
  target: Target,
  { number, isStopped = false }: Pick<TaskChoice, "number" | "isStopped">,
  signal: AbortSignal,
): Promise<{ task: Task; pieces: readonly EventPiece[] } | undefined> {
  const choice = number === undefined ? { newest: 1 } : { number };
  const reading = { ...choice, isStopped, withEvents: true };
  const [files] = await readFiles(streams, target, reading, signal);
  const task = files?.task();
  return files === undefined || task === undefined ? undefined : { task, pieces: files.pieces };
}

async function readFiles(
  streams: PodStreamOpener,
  target: Target,
  {
    newest = newestByDefault,
    number = 0,
    eventBytes = maxEventBytes,
    isStopped = false,
    withEvents,
  }: TaskChoice & { withEvents: boolean },
  signal: AbortSignal,
): Promise<TaskFiles[]> {
  const args = [newest, number, eventBytes].map(String);
  await using script = await startAgentScript(streams, target, { script: "read", args, signal });
  const limits = { mark: script.mark, maxBytes: eventBytes + tailBytes };
  const found: TaskFiles[] = [];
  for await (const part of answerParts(script.data(), limits)) {
    const files = found.at(-1);
    if (part.kind === "bytes") files?.takeEvents(part.bytes);
    else if (part.keyword === "task" && found.length < newest) {
      found.push(new TaskFiles(part.args, { withEvents, isStopped }));
    } else files?.take(part);
  }
  await script.done();
  return found;
}

/** Collects a pod's answer about a task. */
class TaskFiles {
  readonly #number: number | undefined;
  readonly #state: string | undefined;
  #started: number | undefined;
  #exit:
    | { code: number; at: number | undefined; why: string | undefined; behind: string }
    | undefined;
  #request: TaskRequest = readRequest("");
  #reader = new EventReader(adapterNamed(""));
  #folding: Folding = noProgress;
  #eventBytes = 0;
  #at = 0;
  #partial = false;
  readonly #answered = new Set<string>();
  readonly pieces: EventPiece[] = [];

  constructor(
    [number, state]: readonly string[],
    private readonly options: { withEvents: boolean; isStopped: boolean },
  ) {
    this.#number = wholeNumber(number);
    this.#state = state;
  }

  take({ keyword, args }: ScriptMessage): void {
    switch (keyword) {
      case "started":
        this.#started = wholeNumber(args[0]);
        return;
      case "exit":
        this.#exit = {
          code: wholeNumber(args[0]) ?? 1,
          at: wholeNumber(args[1]),
          why: args[2],
          behind: args[3] ?? "",
        };
        return;
      case "request":
        this.#request = readRequest(args.join(" "));
        this.#reader = new EventReader(adapterOf(this.#request));
        return;
      case "answered":
        if (this.#answered.size < maxAnswered) this.#answered.add(args[0] ?? "");
        return;
      case "events":
        this.#eventBytes = wholeNumber(args[0]) ?? 0;
        this.#at = Math.max(0, this.#eventBytes - (wholeNumber(args[1]) ?? 0));
        this.#partial = this.#at > 0;
        return;
      case "tail":
        this.#fold(this.#reader.end());
        this.#partial = true;
    }
  }

  takeEvents(bytes: Uint8Array): void {
    if (this.options.withEvents) this.pieces.push({ bytes, at: this.#at });
    this.#at += bytes.length;
    this.#fold(this.#reader.take(bytes));
  }

  /** Returns undefined if its number wasn't reported. */
  task(): FoundTask | undefined {
    if (this.#number === undefined) return undefined;
    this.#fold(this.#reader.end());
    const { adapter, manifest, key, prompt, workdir, createdAt, continues } = this.#request;
    const progress = this.#progress();
    const conversation = progress.conversation ?? this.#request.conversation;
    const endedAt = this.#exit?.at;
    return {
      number: this.#number,
      key,
      adapter,
      ...definedOnly({ manifest }),
      status: taskStatus(this.#report(), progress, adapter, this.#answered),
      prompt,
      ...definedOnly({ workdir }),
      createdAt,
      ...definedOnly({ conversation, continues }),
      ...(this.#request.anyway === true ? { anyway: true as const } : {}),
      ...(this.#started === undefined ? {} : { startedAt: new Date(this.#started * 1000) }),
      ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt * 1000) }),
      ...(this.#exit === undefined || this.#exit.why === "behind"
        ? {}
        : { exitCode: this.#exit.code }),
      progress,
      eventBytes: this.#eventBytes,
      partial: this.#partial,
    };
  }

  #fold(events: Iterable<Parameters<typeof foldEvent>[1]>): void {
    for (const event of events) this.#folding = foldEvent(this.#folding, event);
  }

  #progress(): TaskProgress {
    const { countedMessage: _counted, hasAsked: _asked, ...progress } = this.#folding;
    return progress;
  }

  #report(): RunnerReport {
    const started = this.#started !== undefined;
    if (this.#exit !== undefined) {
      const { code, why, behind } = this.#exit;
      if (why === "behind") return { kind: "behind", task: wholeNumber(behind) ?? 0 };
      return { kind: "ended", exitCode: code, interrupted: why === "interrupted" };
    }
    if (!started && this.options.isStopped) return { kind: "alive", started };
    if (this.#state === "alive") return { kind: "alive", started };
    return { kind: "missing", started, restarted: this.#state === "restarted" };
  }
}

/* Derives a task's state from its runner's files and its agent's events. */

/** The pod's report on a task's runner: `runner_script.ts`. */
export type RunnerReport =
  /** The runner exists. `started` is false while another task has its turn. */
  | { kind: "alive"; started: boolean }
  /** The runner stored how the task ended. */
  | { kind: "ended"; exitCode: number; interrupted: boolean }
  /** The task had no turn, because the task that it waited for failed. */
  | { kind: "behind"; task: number }
  /** The runner is missing and stored no result. `restarted`: the container isn't the same any more. */
  | { kind: "missing"; started: boolean; restarted: boolean };

/** The exit code of a shell that doesn't find a program. */
const notFound = 127;
const cannotRun = 126;
/** The exit code for SIGKILL, which the kernel sends to a process of a container at its memory limit. */
const killed = 128 + 9;

/** Returns the state. `adapter` is for its messages; `answered` are the requests that users have answered. */
export function taskStatus(
  report: RunnerReport,
  progress: TaskProgress,
  adapter: string,
  answered: ReadonlySet<string> = new Set(),
): TaskStatus {
  switch (report.kind) {
    case "alive": {
      if (!report.started) return { state: "queued" };
      const approvals = progress.asked.filter(({ request }) => !answered.has(request));
      const [first] = approvals;
      if (first === undefined) return { state: "working" };
      return { state: "waiting", for: `approval of ${first.tool} ${first.summary}`, approvals };
    }
    case "missing": {
      const what = report.restarted ? "the pod restarted" : "its processes were killed";
      return {
        state: "failed",
        reason: report.started ? what : `${what} before its turn`,
      };
    }
    case "behind":
      return {
        state: "failed",
        reason: `it didn't run, because task ${report.task} before it didn't succeed`,
      };
    case "ended":
      return endedStatus(report, progress, adapter);
  }
}

function endedStatus(
  { exitCode, interrupted }: Extract<RunnerReport, { kind: "ended" }>,
  { result, lastMessage }: TaskProgress,
  adapter: string,
): TaskStatus {
  if (interrupted) return { state: "interrupted" };
  const output = lastMessage === "" ? "" : `: ${lastMessage}`;
  if (result !== undefined && !result.ok) {
    return { state: "failed", reason: result.text === "" ? `exit code ${exitCode}` : result.text };
  }
  if (exitCode !== 0) {
    const code = `exit code ${exitCode}`;
    const why = exitCode === notFound || exitCode === cannotRun
      ? ` (can ${adapter === "command" ? "the command" : adapter} be run in the pod?)`
      : exitCode === killed
      ? " (SIGKILL: most often OOMKilled, for the container's memory limit)"
      : "";
    return { state: "failed", reason: `${code}${why}${output}` };
  }
  if (result !== undefined && result.refused.length > 0) {
    const tools = [...new Set(result.refused)].join(", ");
    return { state: "waiting", for: `it wasn't allowed to use ${tools}` };
  }
  return { state: "done" };
}

/* A task's progress, folded from its events: pure, and of bounded size. */

/** Progress, and the state to compare the next event with. */
export interface Folding extends TaskProgress {
  /** The model's answer that was counted last: its parts arrive as separate events. */
  countedMessage?: string;
  /** A user was asked for approvals: later refusals are the user's. */
  hasAsked?: true;
}

/** The progress of a task that hasn't started. */
export const noProgress: Folding = {
  turns: 0,
  tools: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  lastMessage: "",
  asked: [],
};

/** The most tools that wait at once: an agent uses a few in parallel. */
const maxAsked = 100;

/** Adds an event. */
export function foldEvent(before: Folding, event: AgentEvent): Folding {
  switch (event.kind) {
    case "began":
      return {
        ...before,
        ...definedOnly({ conversation: event.conversation, model: event.model }),
      };
    case "usage":
      return withoutNote(
        event.message === before.countedMessage ? before : {
          ...before,
          countedMessage: event.message,
          turns: before.turns + 1,
          tokens: {
            input: before.tokens.input + event.tokens.input,
            output: before.tokens.output + event.tokens.output,
            cacheRead: before.tokens.cacheRead + event.tokens.cacheRead,
            cacheWrite: before.tokens.cacheWrite + event.tokens.cacheWrite,
          },
        },
      );
    case "text":
      return { ...before, lastMessage: event.text };
    case "output":
      return { ...before, lastMessage: event.text };
    case "toolStarted": {
      const { id, name, summary } = event;
      return { ...before, tools: before.tools + 1, tool: { id, name, summary } };
    }
    case "toolEnded": {
      const asked = before.asked.filter(({ toolUse }) => toolUse !== event.id);
      const after = asked.length === before.asked.length ? before : { ...before, asked };
      return after.tool?.id === event.id ? withoutTool(after) : after;
    }
    case "asked": {
      const { kind: _, ...approval } = event;
      const asked = [...before.asked, approval satisfies Approval].slice(-maxAsked);
      return { ...before, asked, hasAsked: true };
    }
    case "withdrawn":
      return {
        ...before,
        asked: before.asked.filter(({ request }) => request !== event.request),
      };
    case "cost":
      return { ...before, costUsd: event.costUsd };
    case "refused":
      return before;
    case "retry":
      return { ...before, note: `the model wasn't reached (${event.reason}); it tries again` };
    case "result":
      return withResult(before, event);
    case "unknown":
      return before;
    default:
      return event satisfies never;
  }
}

/** The agent's own totals override the counts so far. */
function withResult(
  before: Folding,
  { ok, text, turns, tokens, costUsd, refused }: Extract<AgentEvent, { kind: "result" }>,
): Folding {
  return {
    ...withoutNote(withoutTool(before)),
    ...definedOnly({ turns, tokens, costUsd }),
    ...(text === "" ? {} : { lastMessage: text }),
    asked: [],
    result: { ok, text, refused: before.hasAsked ? [] : refused },
  };
}

function withoutTool({ tool: _, ...rest }: Folding): Folding {
  return rest;
}

function withoutNote({ note: _, ...rest }: Folding): Folding {
  return rest;
}
