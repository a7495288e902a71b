/** Field managers: `metadata.managedFields`. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
import type { KubeObject, ObjectMeta } from "../../../../src/kube/types.ts";
import { type ResourceType, type Stored, timestamp } from "../../model.ts";
import { apiVersionOf } from "../../resources.ts";
import { sameJson } from "../../store/equality.ts";
import { isRecord } from "../../../../src/base/json_value.ts";
import type { Schema } from "../schema/model.ts";
import { definition, definitionName } from "../schema/definitions.ts";

/** One entry of managedFields. */
export type ManagedEntry = NonNullable<ObjectMeta["managedFields"]>[number];

/** The writer, and how it writes. */
export interface Manager {
  name: string;
  operation: "Apply" | "Update";
  /** Empty for the object itself. */
  subresource: string;
}

/** Returns the schema of a served kind. */
export function schemaOf(type: ResourceType): Schema {
  return { kind: "object", name: definitionName(type) };
}

/** Fields without an owner: the object's identity, and what the server writes. */
const unowned = [
  "name",
  "namespace",
  "generateName",
  "uid",
  "resourceVersion",
  "generation",
  "selfLink",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
];

/** Returns the ownable part of an object. */
export function ownable(object: KubeObject): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const owned = Object.entries(metadata).filter(([key]) => !unowned.includes(key));
  return owned.length === 0 ? rest : { metadata: Object.fromEntries(owned), ...rest };
}

/** Returns the entries that a client has sent, without the invalid ones: as if they had not been sent. */
export function checkedEntries(entries: readonly ManagedEntry[]): ManagedEntry[] {
  return entries.filter((entry) =>
    entry.manager !== undefined && isFieldSet((entry as { fieldsV1?: unknown }).fieldsV1 ?? {}, 0)
  );
}

/** Deeper than any object of the API. */
const depthLimit = 64;

function isFieldSet(value: unknown, depth: number): boolean {
  return isRecord(value) && depth < depthLimit &&
    Object.entries(value).every(([step, below]) => isStep(step) && isFieldSet(below, depth + 1));
}

function isStep(step: string): boolean {
  if (step === "." || step.startsWith("f:")) return true;
  if (!/^[kv]:/.test(step)) return false;
  try {
    JSON.parse(step.slice(2));
    return true;
  } catch {
    return false;
  }
}

/** Returns the fields of an entry. */
export function fieldSetOf({ fieldsV1 }: ManagedEntry): FieldSet {
  return typeof fieldsV1 === "object" && fieldsV1 !== null ? fieldsV1 as FieldSet : {};
}

/** Returns whether an entry is this manager's own. */
export function isOf(entry: ManagedEntry, manager: Manager): boolean {
  return entry.manager === manager.name && entry.operation === manager.operation &&
    (entry.subresource ?? "") === manager.subresource;
}

/** Returns an entry with these fields. */
export function newEntry(
  type: ResourceType,
  manager: Manager,
  set: FieldSet,
  now: Date,
): ManagedEntry {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: apiVersionOf(type),
    time: timestamp(now),
    fieldsType: "FieldsV1",
    fieldsV1: set,
    ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
  };
}

/** Returns the entries without the fields that a test names; an entry without fields is removed. */
export function withoutFields(
  entries: readonly ManagedEntry[],
  taken: (path: readonly string[]) => boolean,
): ManagedEntry[] {
  return entries.flatMap((entry) => {
    const all = leafPaths(fieldSetOf(entry));
    const remaining = all.filter((path) => !taken(path));
    if (remaining.length === all.length) return [entry];
    return remaining.length === 0 ? [] : [{ ...entry, fieldsV1: setOf(remaining) }];
  });
}

/** Returns managedFields after a create or an update: changed fields belong to the writer, removed ones to no one. */
export function entriesAfterUpdate(
  type: ResourceType,
  next: KubeObject,
  previous: Stored | undefined,
  options: { manager: Manager; entries: readonly ManagedEntry[]; now: Date },
): ManagedEntry[] {
  const schema = schemaOf(type);
  const [after, before] = [ownable(next), previous ? ownable(previous) : {}];
  const differs = (path: readonly string[]) =>
    !sameJson(valueAt(after, path, schema), valueAt(before, path, schema));
  const changed = leafPaths(fieldsOfValue(after, schema)).filter((path) =>
    path.at(-1) === "." ? valueAt(before, path, schema) === undefined : differs(path)
  );
  const isRemoved = (path: readonly string[]) => valueAt(after, path, schema) === undefined;
  const taken = new Set(changed.map((path) => JSON.stringify(path)));
  const own = options.entries.find((entry) => isOf(entry, options.manager));
  const others = withoutFields(
    options.entries.filter((entry) => entry !== own),
    (path) => taken.has(JSON.stringify(path)) || isRemoved(path),
  );
  const remaining = own ? leafPaths(fieldSetOf(own)).filter((path) => !isRemoved(path)) : [];
  if (changed.length === 0 && remaining.length === 0) return others;
  const entry = changed.length === 0 && own
    ? { ...own, fieldsV1: setOf(remaining) }
    : newEntry(type, options.manager, setOf([...remaining, ...changed]), options.now);
  return [...others, entry];
}

/*
 * Sets of fields, as server-side apply stores them in managedFields.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */

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
export function fieldsOfValue(value: unknown, schema: Schema): FieldSet {
  if (isRecord(value) && (schema.kind === "object" || schema.kind === "map")) {
    return Object.fromEntries(
      Object.entries(value).filter(([, field]) => field !== undefined && field !== null)
        .map(([key, field]) => [`f:${key}`, fieldsOfValue(field, schemaOfField(schema, key))]),
    );
  }
  if (!Array.isArray(value) || schema.kind !== "list" || schema.merge.kind === "atomic") return {};
  const keys = schema.merge.kind === "byKeys" ? schema.merge.keys : [];
  return Object.fromEntries(
    value.map((item) => [
      itemStep(item, keys),
      schema.merge.kind === "set" ? {} : { ".": {}, ...fieldsOfValue(item, schema.of) },
    ]),
  );
}

/** Returns the paths of the leaves of a set. */
export function leafPaths(set: FieldSet, path: readonly string[] = []): string[][] {
  const steps = Object.entries(set);
  if (steps.length === 0) return path.length === 0 ? [] : [[...path]];
  return steps.flatMap(([step, below]) =>
    step === "." ? [[...path, "."]] : leafPaths(below, [...path, step])
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
function setOf(paths: readonly (readonly string[])[]): FieldSet {
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
export function fieldPathText(path: readonly string[]): string {
  return path.filter((step) => step !== ".").map((step) => {
    if (step.startsWith("f:")) return `.${step.slice(2)}`;
    const named: unknown = JSON.parse(step.slice(2));
    if (!isRecord(named)) return `[=${JSON.stringify(named)}]`;
    return `[${
      Object.entries(named).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")
    }]`;
  }).join("");
}
