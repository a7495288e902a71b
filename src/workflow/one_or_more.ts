/** What a field says that holds one text or a list of them. Pure. */
import { parseTextPattern } from "../base/text_pattern.ts";
import type { NamePattern } from "../kube/target.ts";

/** As it stands in a file. */
type OneOrMore = string | readonly string[] | undefined;

/** As a list; an empty one where it isn't said. */
export function listed(value: OneOrMore): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

/** As patterns of names. The field's shape lets no other text pass. */
export function patternsOf(value: OneOrMore): NamePattern[] {
  return listed(value).map(parseTextPattern).filter((pattern) => pattern.kind !== "invalid");
}
