/** The words of a selection: patterns and operands, from text to their narrow types. */
import type { NamePattern, SelectionOperand } from "../actions/exec_events.ts";
import { parsePodOperand, workloadKinds } from "../base/workload_kinds.ts";
import { BadValue } from "./flag.ts";

/** `/re/` is a regular expression, anything else a substring. Throws {@link BadValue}. */
export function namePattern(raw: string): NamePattern {
  if (raw === "") throw new BadValue(raw, "it is empty, and would match every pod");
  if (raw.length < 3 || !raw.startsWith("/") || !raw.endsWith("/")) {
    return { kind: "substring", text: raw };
  }
  try {
    return { kind: "regExp", regExp: new RegExp(raw.slice(1, -1), "u") };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadValue(raw, reason, { hint: "without the slashes it is a plain text" });
  }
}

/** A pod's name, `pod/name`, or a workload. Throws {@link BadValue}. */
export function selectionOperand(raw: string): SelectionOperand {
  if (raw === "") throw new BadValue(raw, "it is empty");
  const operand = parsePodOperand(raw);
  if (operand.kind !== "invalid") return operand;
  const { unknownKind } = operand;
  if (unknownKind === undefined) {
    throw new BadValue(raw, "it must be POD or KIND/NAME", { hint: "as in web-0 or deploy/web" });
  }
  throw new BadValue(raw, `pods can't be found by the kind "${unknownKind}"`, {
    candidates: workloadKinds,
  });
}
