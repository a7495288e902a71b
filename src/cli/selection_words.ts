/** The words of a selection: patterns and operands, from text to their narrow types. */
import type { NamePattern, SelectionOperand } from "../actions/exec_events.ts";
import { parseTextPattern } from "../base/text_pattern.ts";
import { parsePodOperand, workloadKinds } from "../base/workload_kinds.ts";
import { BadValue } from "./flag.ts";

/** `/re/` is a regular expression, anything else a substring. Throws {@link BadValue}. */
export function namePattern(raw: string): NamePattern {
  const pattern = parseTextPattern(raw);
  if (pattern.kind !== "invalid") return pattern;
  const hint = raw === "" ? {} : { hint: "without the slashes it is a plain text" };
  throw new BadValue(raw, pattern.reason, hint);
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
