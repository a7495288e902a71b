/** A past run on the command line. */
import type { Operand } from "../../parser/command.ts";

/** An id or a prefix of one, or `last`; the last run if it is omitted. */
export const runOperand: Operand = { name: "RUN", arity: "optional", completion: { kind: "runs" } };

/** Returns the id, or a prefix of one; undefined for the last run. */
export function runId([run]: readonly string[]): string | undefined {
  return run === "last" ? undefined : run;
}
