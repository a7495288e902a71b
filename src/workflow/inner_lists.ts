/** The lists of steps within a step: their paths in its fields, and the prefixes of their keys. Pure. */
import { isRecord } from "../base/json_value.ts";
import type { SourcePath, Step } from "./model.ts";
import type { StepKind } from "./step_kind.ts";

type Fields = Step["fields"];

/** Returns a list of a step as written; undefined if the step doesn't have it. */
export function listAt(fields: Fields, path: SourcePath): readonly unknown[] | undefined {
  let value: unknown = fields;
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return Array.isArray(value) ? value : undefined;
}

/** Returns the fields of a step without its lists of steps. */
export function withoutLists(fields: Fields, { inner }: Pick<StepKind, "inner">): Fields {
  let own = fields;
  for (const path of Object.values(inner)) own = withoutOne(own, path);
  return own;
}

function withoutOne(fields: Fields, [name, ...below]: SourcePath): Fields {
  if (name === undefined || !isRecord(fields) || !Object.hasOwn(fields, name)) return fields;
  const { [name]: value, ...others } = fields;
  return below.length === 0 ? others : { ...others, [name]: withoutOne(value as Fields, below) };
}

/** Returns the fields with the lists of steps of others. */
export function withLists(
  fields: Fields,
  from: Fields,
  { inner }: Pick<StepKind, "inner">,
): Record<string, unknown> {
  let all = fields;
  for (const path of Object.values(inner)) {
    const list = listAt(from, path);
    if (list !== undefined) all = withOne(all, path, list);
  }
  return all;
}

function withOne(fields: Fields, [name, ...below]: SourcePath, list: readonly unknown[]): Fields {
  if (name === undefined) return fields;
  const value = below.length === 0 ? list : withOne(fields[name] as Fields, below, list);
  return { ...fields, [name]: value };
}

/**
 * Returns the prefix of the keys of a list's steps below the step's own key: steps at equal positions of two lists
 * have different keys.
 */
export function listPrefix({ inner }: Pick<StepKind, "inner">, list: string): string {
  return Object.keys(inner)[0] === list ? "" : `${list}/`;
}
