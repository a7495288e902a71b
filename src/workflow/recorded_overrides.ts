/** Overrides of a file's selection by the command line, as data for a record, and back. Pure. */
import { definedOnly } from "../base/defined_only.ts";
import type { NamePattern } from "../kube/select/target.ts";
import type { WhereOverrides } from "./engine/scope.ts";
import { patternsOf } from "./one_or_more.ts";

/** The overrides, with patterns of names as `Pattern`. */
type Overrides<Pattern> = Omit<WhereOverrides, "selection"> & {
  selection?: Omit<NonNullable<WhereOverrides["selection"]>, "match" | "exclude"> & {
    match?: readonly Pattern[];
    exclude?: readonly Pattern[];
  };
};

/** Converts patterns to their texts: a regular expression can't be serialized. */
export function overridesData(overrides: WhereOverrides): Record<string, unknown> {
  return { ...withPatterns(overrides, (patterns) => patterns.map(textOf)) };
}

/** The inverse of {@link overridesData}. */
export function overridesOf(data: unknown): WhereOverrides {
  return withPatterns(data as Overrides<string>, patternsOf);
}

function withPatterns<From, To>(
  { contexts, selection, only }: Overrides<From>,
  turned: (patterns: readonly From[]) => readonly To[],
): Overrides<To> {
  if (selection === undefined) return definedOnly({ only, contexts });
  const { match, exclude, ...others } = selection;
  const patterns = definedOnly({
    match: match && turned(match),
    exclude: exclude && turned(exclude),
  });
  return { ...definedOnly({ only, contexts }), selection: { ...others, ...patterns } };
}

function textOf(pattern: NamePattern): string {
  return pattern.kind === "substring" ? pattern.text : `/${pattern.regExp.source}/`;
}
