import type { Operand } from "../../parser/command.ts";

/** The operand that names a set of forwards in the background. */
export const setOperand: Operand = { name: "NAME", arity: "optional" };
