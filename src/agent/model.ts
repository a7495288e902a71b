/**
 * The model of coding agents in pods. A task is a prompt that an agent works on; tasks of a pod that share a
 * conversation continue each other. All output of a pod is untrusted text: bounded here, made safe for terminals by the
 * front ends.
 */
import type { AgentManifest } from "./manifest.ts";

/** Tokens as the model's provider counts them. */
export interface Tokens {
  /** Read by the model, neither from a cache nor into a cache. */
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** No tokens. */
export const noTokens: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** An agent's event, independent of the adapter. Texts are cut to {@link maxText}. */
export type AgentEvent =
  /** The agent runs. `conversation` is the id by which it is continued later. */
  | { kind: "began"; conversation?: string; model?: string }
  /** The agent's text for the user. Parts that follow each other are a single text: an `EventReader` joins them. */
  | { kind: "text"; text: string; isPart?: true }
  /** `summary` is the tool's subject: a command, a path. */
  | { kind: "toolStarted"; id: string; name: string; summary: string }
  | { kind: "toolEnded"; id: string; ok: boolean; text: string }
  /** The agent waits for a user's approval of a tool. `toolUse` is the `id` of `toolStarted`. */
  | ({ kind: "asked" } & Approval)
  /** The agent doesn't wait for that approval any more. */
  | { kind: "withdrawn"; request: string }
  /** A tool wasn't allowed, and no one can be prompted. */
  | { kind: "refused"; tool: string; reason: string }
  /** The model wasn't reached; the agent retries. */
  | { kind: "retry"; attempt: number; reason: string }
  /** A model's answer started. `message` distinguishes answers. */
  | { kind: "usage"; message: string; tokens: Tokens }
  /** The cost of the conversation so far, in US dollars. */
  | { kind: "cost"; costUsd: number }
  /** The agent's final report on the task. Absent counts weren't reported. */
  | {
    kind: "result";
    ok: boolean;
    text: string;
    turns?: number;
    tokens?: Tokens;
    /** In US dollars, of this task only. */
    costUsd?: number;
    /** Tools that weren't allowed. */
    refused: readonly string[];
  }
  /** A line that isn't an event: a plain command's output. */
  | { kind: "output"; text: string }
  /** An event that this version doesn't know: neither counted nor shown. */
  | { kind: "unknown"; type: string };

/** A tool that waits for a user's approval. */
export interface Approval {
  /** Chosen by the agent: {@link isRequest}. */
  request: string;
  tool: string;
  /** The tool's subject: a command, a path. */
  summary: string;
  toolUse?: string;
  /** The answers that the agent offers; absent if all agents of its kind take the same. */
  options?: readonly ApprovalOption[];
}

/** An answer that an agent offers, by its own id. `kind` is a word of its protocol. */
export interface ApprovalOption {
  id: string;
  kind: string;
}

/** The state of a task. */
export type TaskStatus =
  /** Queued: a pod works on a single task at a time. */
  | { state: "queued" }
  | { state: "working" }
  /**
   * The task needs an answer. With `approvals` it runs, and waits until they are answered; else its turn is over, and a
   * further prompt is the answer.
   */
  | { state: "waiting"; for: string; approvals?: readonly Approval[] }
  | { state: "done" }
  | { state: "failed"; reason: string }
  /** A user interrupted it. */
  | { state: "interrupted" };

/** The name of a state, as tables and JSON show it. */
export type TaskState = TaskStatus["state"];

/** A task's progress, from its events so far. */
export interface TaskProgress {
  conversation?: string;
  model?: string;
  /** Answers of the model. */
  turns: number;
  /** Uses of tools. */
  tools: number;
  tokens: Tokens;
  /** US dollars; undefined until the agent reports it. */
  costUsd?: number;
  /** The agent's last message to the user. */
  lastMessage: string;
  /** The tool in use. */
  tool?: { id: string; name: string; summary: string };
  /** The reason why it waits by itself: a model's answer. */
  note?: string;
  /** Tools that wait for an approval, the oldest first: answered or not. */
  asked: readonly Approval[];
  /** The agent's own result, once it is reported. */
  result?: { ok: boolean; text: string; refused: readonly string[] };
}

/** A task of a pod. */
export interface Task {
  /** Starts at 1, in queue order. */
  number: number;
  adapter: string;
  /** The description of the agent, if a user wrote a description. */
  manifest?: AgentManifest;
  status: TaskStatus;
  /** The start of the prompt. */
  prompt: string;
  /** Absent if not requested: `/workspace`, or the home folder if there is none. */
  workdir?: string;
  /** The id by which the agent continues it; undefined if the adapter doesn't support conversations. */
  conversation?: string;
  /** The task whose conversation it continues. */
  continues?: number;
  /** The task has its turn also if a task that it waits for fails. */
  anyway?: true;
  createdAt: Date;
  startedAt?: Date;
  endedAt?: Date;
  exitCode?: number;
  progress: TaskProgress;
  /** Bytes of its events: the offset where a follow resumes. */
  eventBytes: number;
  /** Events before the last few MiB weren't read: counts that the agent's result doesn't report are too low. */
  partial: boolean;
}

/** Returns whether it hasn't ended. */
export function isOpen({ status }: Pick<Task, "status">): boolean {
  return status.state === "queued" || isRunning({ status });
}

/** Returns whether its agent runs: it works, or waits for an approval. */
export function isRunning({ status }: Pick<Task, "status">): boolean {
  return status.state === "working" ||
    status.state === "waiting" && status.approvals !== undefined;
}

/** The maximum length of any text in an event, in characters. */
export const maxText = 16 * 1024;

/** The longest summary of a tool's input, in characters: enough to see its subject. */
export const maxSummary = 300;

/** Returns the event of a type that isn't read. */
export function unknownEvent(type: string): AgentEvent {
  return { kind: "unknown", type: bounded(type, maxSummary) };
}

/** Returns a text of at most `limit` characters, cut between two of them. */
export function bounded(text: string, limit: number = maxText): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Returns whether a text is a valid conversation id: it is passed back as an arg of a command line. */
export function isConversation(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{7,127}$/.test(text);
}

/** Returns whether a text is a valid name of a request: it becomes the name of a folder. */
export function isRequest(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(text);
}

/**
 * Returns the working task; else the newest that needs an answer and hasn't been continued; else the newest.
 *
 * @param tasks the oldest first.
 */
export function currentOf<T extends Pick<Task, "number" | "status" | "continues">>(
  tasks: readonly T[],
): T | undefined {
  const answered = new Set(tasks.map(({ continues }) => continues));
  return tasks.find(isRunning) ??
    tasks.findLast(({ number, status }) => status.state === "waiting" && !answered.has(number)) ??
    tasks.at(-1);
}
