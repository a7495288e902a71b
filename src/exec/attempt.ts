/** What one attempt at a target is, and comes to. */
import type { Outcome } from "./model.ts";
import type { RunOptions } from "./run_options.ts";

/** What one attempt came to. `noShell`: the image has none, and nothing was run. */
export type Attempt = { kind: "ended"; outcome: Outcome } | { kind: "noShell" };

/** Whether a shell runs the command and stays; under a terminal, job control is the command's own. */
export function hasLeader({ terminal }: RunOptions): boolean {
  return terminal === undefined;
}
