/** Fields that contain one text or a list of them. Pure. */
import { parseTextPattern } from "../base/text_pattern.ts";
import type { NamePattern } from "../kube/select/target.ts";

/** As written in a file. */
type OneOrMore = string | readonly string[] | undefined;

/** Returns a list; an empty one if the field is absent. */
export function listed(value: OneOrMore): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

/** Returns patterns of names. The field's shape accepts no other text. */
export function patternsOf(value: OneOrMore): NamePattern[] {
  return listed(value).map(parseTextPattern).filter((pattern) => pattern.kind !== "invalid");
}
