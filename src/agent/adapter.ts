/**
 * The contract between kodama and an agent: what is run in the pod, and how its lines are understood. An adapter
 * is pure; a new one is a file here and a line in `adapters.ts`.
 *
 * The agent gets its prompt on standard input and never in its words, which every process of the pod can read. It
 * runs until it has answered and then ends. Each line that it prints, on either stream, is offered to
 * {@link Adapter.readLine}; a line that means nothing to the adapter becomes `output` or `unknown`, and never an error.
 */
import type { AgentEvent } from "./model.ts";

/** What a task's command line is made of. */
export interface TaskPlan {
  /** The person's own words: of the command, or behind those that the adapter puts. */
  words: readonly string[];
  /** The conversation to begin under this name, or to go on with. */
  conversation: { id: string; begins: boolean };
}

/** Signals as a shell names them. */
export type InterruptSignal = "INT" | "TERM";

/** How one kind of agent is run. */
export interface Adapter {
  readonly name: string;
  /** Whether a later task can go on with an earlier one's conversation. */
  readonly converses: boolean;
  /**
   * What stops it before TERM and KILL do. With `to: "agent"` only the process that was started gets it and is left to
   * end its own; with `tree`, all below it too.
   */
  readonly interrupt: { signal: InterruptSignal; to: "agent" | "tree"; graceMs: number };
  /**
   * Lines of a POSIX shell before the command: nothing of a person's in them.
   */
  readonly preparation: string;
  /**
   * The words to run.
   *
   * @throws UsageError where the person's words don't do.
   */
  command(plan: TaskPlan): readonly string[];
  /** What a line means, in order; nothing where it is of no interest. Never throws. */
  readLine(line: string): readonly AgentEvent[];
}
