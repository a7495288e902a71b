/**
 * Sets of fields, as server-side apply stores them in managedFields.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
import { sameJson } from "../../store/equality.ts";
import type { Schema } from "../schema/model.ts";
import { isRecord } from "../../../base/json_value.ts";
import { definition } from "../schema/parse.ts";

/** `fieldsV1`: `f:name` for a field, `k:{…}` for a list item by its keys, `v:…` for a set's value, `.` for itself. */
export type FieldSet = { [step: string]: FieldSet };

/** Keys that have a default if a writer omits them. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: "TCP" };

/** Returns the step to an item of a list. */
export function itemStep(item: unknown, keys: readonly string[]): string {
  if (!isRecord(item)) return `v:${JSON.stringify(item)}`;
  const named = keys.toSorted().map((key) => [key, item[key] ?? keyDefaults[key]])
    .filter(([, value]) => value !== undefined);
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

/** Returns the schema of a field of a value. */
export function schemaOfField(schema: Schema, key: string): Schema {
  if (schema.kind === "map") return schema.of;
  if (schema.kind !== "object") return { kind: "any" };
  return definition(schema.name).fields.get(key)?.schema ?? { kind: "any" };
}

/** Returns all fields that a value sets. Atomic lists are one field. */
export function fieldsOf(value: unknown, schema: Schema): FieldSet {
  if (isRecord(value) && (schema.kind === "object" || schema.kind === "map")) {
    return Object.fromEntries(
      Object.entries(value).filter(([, field]) => field !== undefined && field !== null)
        .map(([key, field]) => [`f:${key}`, fieldsOf(field, schemaOfField(schema, key))]),
    );
  }
  if (!Array.isArray(value) || schema.kind !== "list" || schema.merge.kind === "atomic") return {};
  const keys = schema.merge.kind === "byKeys" ? schema.merge.keys : [];
  return Object.fromEntries(
    value.map((item) => [
      itemStep(item, keys),
      schema.merge.kind === "set" ? {} : { ".": {}, ...fieldsOf(item, schema.of) },
    ]),
  );
}

/** Returns the paths of the leaves of a set. */
export function leaves(set: FieldSet, path: readonly string[] = []): string[][] {
  const steps = Object.entries(set);
  if (steps.length === 0) return path.length === 0 ? [] : [[...path]];
  return steps.flatMap(([step, below]) =>
    step === "." ? [[...path, "."]] : leaves(below, [...path, step])
  );
}

/** Returns whether a set holds a path, or something below it. */
export function holds(set: FieldSet, path: readonly string[]): boolean {
  let here: FieldSet | undefined = set;
  for (const step of path) {
    here = here[step];
    if (here === undefined) return false;
  }
  return true;
}

/** Returns a set with these leaves. */
export function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const set: FieldSet = {};
  for (const path of paths) {
    let here = set;
    for (const step of path) here = here[step] ??= {};
  }
  return set;
}

/** Returns the value at a path; undefined if there is none. */
export function valueAt(value: unknown, path: readonly string[], schema: Schema): unknown {
  let [here, type] = [value, schema];
  for (const step of path) {
    if (step === ".") return here;
    if (step.startsWith("f:")) {
      const key = step.slice(2);
      if (!isRecord(here)) return undefined;
      [here, type] = [here[key], schemaOfField(type, key)];
      continue;
    }
    const found: unknown = Array.isArray(here)
      ? here.find((item) => isItem(item, step))
      : undefined;
    [here, type] = [found, type.kind === "list" ? type.of : { kind: "any" }];
  }
  return here;
}

/** Returns whether an item is the one that a step names. */
export function isItem(item: unknown, step: string): boolean {
  const named: unknown = JSON.parse(step.slice(2));
  if (step.startsWith("v:")) return sameJson(item, named);
  return isRecord(item) && isRecord(named) &&
    Object.entries(named).every(([key, value]) => sameJson(item[key] ?? keyDefaults[key], value));
}

/** Returns a path as an error names it: `.spec.containers[name="a"].image`. */
export function pathText(path: readonly string[]): string {
  return path.filter((step) => step !== ".").map((step) => {
    if (step.startsWith("f:")) return `.${step.slice(2)}`;
    const named: unknown = JSON.parse(step.slice(2));
    if (!isRecord(named)) return `[=${JSON.stringify(named)}]`;
    return `[${
      Object.entries(named).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")
    }]`;
  }).join("");
}
