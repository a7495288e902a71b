/** What the command line said in place of a file's selection, as data for a record, and back. Pure. */
import { parseTextPattern } from "../base/text_pattern.ts";
import type { NamePattern, Selection } from "../kube/target.ts";
import type { WhereOverrides } from "./engine/scope.ts";
import type { PodPlace } from "./selection_fields.ts";

/** Patterns as their texts: a regular expression isn't data. */
export function overridesData(
  { contexts, selection, only }: WhereOverrides,
): Record<string, unknown> {
  const { match, exclude, ...rest } = selection ?? {};
  return {
    ...(only === undefined ? {} : { only }),
    ...(contexts === undefined ? {} : { contexts }),
    ...(selection === undefined ? {} : {
      selection: {
        ...rest,
        ...(match === undefined ? {} : { match: match.map(textOf) }),
        ...(exclude === undefined ? {} : { exclude: exclude.map(textOf) }),
      },
    }),
  };
}

/** What {@link overridesData} gave. */
export function overridesOf(data: unknown): WhereOverrides {
  const { contexts, selection, only } = data as {
    contexts?: readonly string[];
    only?: readonly PodPlace[];
    selection?: Omit<Partial<Selection>, "match" | "exclude"> & {
      match?: readonly string[];
      exclude?: readonly string[];
    };
  };
  const { match, exclude, ...rest } = selection ?? {};
  return {
    ...(only === undefined ? {} : { only }),
    ...(contexts === undefined ? {} : { contexts }),
    ...(selection === undefined ? {} : {
      selection: {
        ...rest,
        ...(match === undefined ? {} : { match: patternsOf(match) }),
        ...(exclude === undefined ? {} : { exclude: patternsOf(exclude) }),
      },
    }),
  };
}

function textOf(pattern: NamePattern): string {
  return pattern.kind === "substring" ? pattern.text : `/${pattern.regExp.source}/`;
}

function patternsOf(texts: readonly string[]): NamePattern[] {
  return texts.map(parseTextPattern).filter((pattern) => pattern.kind !== "invalid");
}
