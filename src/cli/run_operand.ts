/** A past run on the command line. */
import type { Operand } from "./command.ts";

/** An id or the beginning of one; the last run where it is left out. */
export const runOperand: Operand = {
  name: "RUN",
  arity: "optional",
  completion: { kind: "runs" },
};
