/** One attempt at a target, and its result. */
import type { Outcome } from "./model.ts";
import type { RunOptions } from "./run_options.ts";

/** The result of one attempt. `noShell`: the image has none, and nothing was run. */
export type Attempt = { kind: "ended"; outcome: Outcome } | { kind: "noShell" };

/** Returns whether a shell runs the command and stays; under a terminal, job control is the command's own. */
export function hasLeader({ terminal }: RunOptions): boolean {
  return terminal === undefined;
}
