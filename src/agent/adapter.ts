/**
 * The contract between kodama and an agent: the command in the pod, and how its lines are parsed. An adapter is pure; a
 * new adapter is a file here and a line in `adapters.ts`.
 *
 * The agent gets its prompt on standard input and never in its args, which every process of the pod can read. It runs
 * until it has answered and then exits. Each line that it prints, on either stream, is offered to {@link
 * Adapter.readLine}; a line that the adapter doesn't know becomes `output` or `unknown`, and never an error.
 */
import type { AgentEvent, Approval } from "./model.ts";

/** The inputs of a task's command line. */
export interface TaskPlan {
  /** The user's own args: of the command, or after those of the adapter. */
  args: readonly string[];
  /** The conversation to start under this id, or to continue. */
  conversation: { id: string; isNew: boolean };
  /** Whether a person approves the agent's tools. */
  permissions: Permissions;
  /** US dollars after which the task ends; only if {@link Adapter.limitsCost}. */
  budgetUsd?: number;
}

/** The values of {@link Permissions}; the first is the default. */
export const permissionModes = ["bypass", "ask"] as const;

/** `bypass`: the agent uses every tool. `ask`: tools that its own settings don't allow wait for a user's approval. */
export type Permissions = typeof permissionModes[number];

/** A user's answer to a request for approval. */
export type Decision =
  | { kind: "allow" }
  /** The agent reads the message as the reason. */
  | { kind: "deny"; message?: string };

/**
 * How an agent is talked to: its standard input stays open while it works. All of it is text that kodama composes; the
 * pod's shell only passes on lines.
 */
export interface Dialogue {
  /** Whether every task needs it, and not only a task whose tools are approved. */
  readonly always: boolean;
  /** Whether the agent reads the message of a refusal. */
  readonly takesMessages: boolean;
  /**
   * Returns files of the task: `prompt`, the first lines of the agent's input; and either `dialogue`, an extended
   * regular expression of grep for the agent's last line, after which its input is closed, or `talk`, a script that
   * does more. See `scripts/runner.sh`.
   */
  files(prompt: string, plan: TaskPlan): Record<string, string>;
  /**
   * Returns the line that answers a request.
   *
   * @throws UsageError if the agent doesn't offer that answer.
   */
  answer(approval: Approval, decision: Decision): string;
}

/** Signals as a shell names them. */
type InterruptSignal = "INT" | "TERM";

/** How to run a kind of agent. */
export interface Adapter {
  readonly name: string;
  /** The program that the image must have; undefined if the user's args name it. */
  readonly program?: string;
  /** Whether the tokens of its results are counted over the task or the conversation. */
  readonly tokensOf: "task" | "conversation";
  /** Whether the cost of its results is that of the task or the conversation. */
  readonly costOf: "task" | "conversation";
  /** Whether a later task can continue an earlier task's conversation. */
  readonly converses: boolean;
  /**
   * The signal that stops it before TERM and KILL do. With `to: "agent"` only the started process gets it and must end
   * its own children; with `tree`, all its descendants too. With `input` its dialogue has a message for this, and the
   * signal is for an agent that isn't that far.
   */
  readonly interrupt: { signal: InterruptSignal; to: "agent" | "tree" | "input"; graceMs: number };
  /** The text in an arg that is replaced by the path of the file with the prompt; undefined if there is none. */
  readonly promptFileMark?: string;
  /** Lines of a POSIX shell before the command: they contain no user text. */
  readonly preparation: string;
  /**
   * Returns the args to run.
   *
   * @throws UsageError if the user's args are invalid.
   */
  command(plan: TaskPlan): readonly string[];
  /** Whether it ends a task that has cost more than a budget. */
  readonly limitsCost: boolean;
  /** How it asks for approvals; undefined if it can't, and reads its prompt alone. */
  readonly dialogue?: Dialogue;
  /** Returns the events of a line, in order; none if it is irrelevant. Never throws. */
  readLine(line: string): readonly AgentEvent[];
}

/* The names of the adapters, separate from them: help and completion load only these. */

/** The first is the default for a task. */
export const adapterNames = ["claude", "codex", "acp", "command"] as const;

/** The name of an adapter of kodama's own. */
export type AdapterName = typeof adapterNames[number];
