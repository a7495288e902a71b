/**
 * The words of coding agents in pods. A task is one prompt that an agent works on; tasks of a pod that share a
 * conversation continue each other. All that comes out of a pod is untrusted text: bounded here, made safe for
 * terminals by the faces.
 */

/** Tokens as the model's provider counts them. */
export interface Tokens {
  /** Read by the model, neither from a cache nor into one. */
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** What an agent told, in words that no adapter has to itself. Texts are cut to {@link maxText}. */
export type AgentEvent =
  /** It runs. `conversation` is by what it is continued later. */
  | { kind: "began"; conversation?: string; model?: string }
  /** What the agent says to the person. */
  | { kind: "text"; text: string }
  /** `summary` is what it is used on: a command, a path. */
  | { kind: "toolStarted"; id: string; name: string; summary: string }
  | { kind: "toolEnded"; id: string; ok: boolean; text: string }
  /** A tool wasn't allowed, and nobody is there to ask. */
  | { kind: "refused"; tool: string; reason: string }
  /** The model wasn't reached; the agent tries again. */
  | { kind: "retry"; attempt: number; reason: string }
  /** One answer of the model began. `message` tells answers apart. */
  | { kind: "usage"; message: string; tokens: Tokens }
  /** The agent's last word about the task. Absent counts weren't told. */
  | {
    kind: "result";
    ok: boolean;
    text: string;
    turns?: number;
    tokens?: Tokens;
    /** In US dollars, of this task alone. */
    costUsd?: number;
    /** Tools that weren't allowed. */
    refused: readonly string[];
  }
  /** A line that is no event: what a plain command prints. */
  | { kind: "output"; text: string }
  /** An event that this version doesn't know: counted by nobody, shown by nobody. */
  | { kind: "unknown"; type: string };

/** How a task stands. */
export type TaskStatus =
  /** Behind another one: a pod works on one task at a time. */
  | { state: "queued" }
  | { state: "working" }
  /** Its turn is over, and it needs an answer: `kodama prompt` gives it. */
  | { state: "waiting"; for: string }
  | { state: "done" }
  | { state: "failed"; reason: string }
  /** By a person. */
  | { state: "interrupted" };

/** The name of a state, as tables and JSON show it. */
export type TaskState = TaskStatus["state"];

/** What is known of a task's work from its events so far. */
export interface Progress {
  conversation?: string;
  model?: string;
  /** Answers of the model. */
  turns: number;
  /** Uses of tools. */
  tools: number;
  tokens: Tokens;
  /** US dollars; undefined until the agent told it. */
  costUsd?: number;
  /** The agent's last words to the person. */
  lastMessage: string;
  /** The tool that is being used. */
  tool?: { id: string; name: string; summary: string };
  /** What it waits for by itself: an answer of the model. */
  note?: string;
  /** The agent's own verdict, once it gave one. */
  result?: { ok: boolean; text: string; refused: readonly string[] };
}

/** A task of a pod. */
export interface Task {
  /** From 1, in the order of their turns. */
  number: number;
  adapter: string;
  status: TaskStatus;
  /** The beginning of the prompt. */
  prompt: string;
  /** Absent where nobody named one: `/workspace`, or the home folder without one. */
  workdir?: string;
  /** By which the agent continues it; undefined where the adapter knows no conversations. */
  conversation?: string;
  /** The task whose conversation it goes on with. */
  continues?: number;
  createdAt: Date;
  startedAt?: Date;
  endedAt?: Date;
  exitCode?: number;
  progress: Progress;
  /** Bytes of its events: where a follow goes on. */
  eventBytes: number;
  /** Events before the last few MiB weren't read: counts that the agent's result doesn't tell are too low. */
  partial: boolean;
}

/** Whether it has its turn still before it, or has it. */
export function isOpen({ status }: Pick<Task, "status">): boolean {
  return status.state === "queued" || status.state === "working";
}

/** Characters of any one text that an event keeps. */
export const maxText = 16 * 1024;

/** A text of at most so many characters, cut between two of them. */
export function bounded(text: string, limit: number = maxText): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** What a conversation may be called: it comes back as a word of a command line. */
export function isConversation(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{7,127}$/.test(text);
}
