/**
 * The contract between kodama and an agent: the command in the pod, and how its lines are parsed. An adapter is pure; a
 * new one is a file here and a line in `adapters.ts`.
 *
 * The agent gets its prompt on standard input and never in its args, which every process of the pod can read. It runs
 * until it has answered and then exits. Each line that it prints, on either stream, is offered to {@link
 * Adapter.readLine}; a line that the adapter doesn't know becomes `output` or `unknown`, and never an error.
 */
import type { AgentEvent } from "./model.ts";

/** The inputs of a task's command line. */
export interface TaskPlan {
  /** The user's own args: of the command, or after those of the adapter. */
  args: readonly string[];
  /** The conversation to start under this id, or to continue. */
  conversation: { id: string; isNew: boolean };
}

/** Signals as a shell names them. */
export type InterruptSignal = "INT" | "TERM";

/** How to run one kind of agent. */
export interface Adapter {
  readonly name: string;
  /** Whether a later task can continue an earlier one's conversation. */
  readonly converses: boolean;
  /**
   * The signal that stops it before TERM and KILL do. With `to: "agent"` only the started process gets it and must end
   * its own children; with `tree`, all its descendants too.
   */
  readonly interrupt: { signal: InterruptSignal; to: "agent" | "tree"; graceMs: number };
  /** Lines of a POSIX shell before the command: they contain no user text. */
  readonly preparation: string;
  /**
   * Returns the args to run.
   *
   * @throws UsageError if the user's args are invalid.
   */
  command(plan: TaskPlan): readonly string[];
  /** Returns the events of a line, in order; none if it is irrelevant. Never throws. */
  readLine(line: string): readonly AgentEvent[];
}

/* The names of the adapters, separate from them: help and completion load only these. */

/** The first is the default for a task. */
export const adapterNames = ["claude", "command"] as const;

/** The name of an adapter. */
export type AdapterName = typeof adapterNames[number];
