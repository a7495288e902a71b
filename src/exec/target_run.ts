/** What is known of one target while a run goes through it. */
import type { Target } from "../kube/target.ts";
import type { Outcome } from "./model.ts";
import type { Outages } from "./patience.ts";
import type { RunOptions } from "./run_options.ts";

/** One target in its run. */
export interface TargetRun {
  target: Target;
  /** Place in the run, from 0. */
  index: number;
  total: number;
  command: readonly string[];
  options: RunOptions;
  /** Of the whole run. */
  outages: Outages;
  /** Cancels this target: the run's own signal, or the consumer of the run went away. */
  cancelled: AbortSignal;
  /** Hands on bytes of the command; resolves when there is room for more. */
  emit(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
  /** Takes back what was handed on and not yet taken, and whatever follows. */
  drop(): void;
}

/** What one attempt came to. `noShell`: the image has none, and nothing was run. */
export type Attempt = { kind: "ended"; outcome: Outcome } | { kind: "noShell" };

/** Whether a shell runs the command and stays; under a terminal, job control is the command's own. */
export function hasLeader({ terminal }: RunOptions): boolean {
  return terminal === undefined;
}
