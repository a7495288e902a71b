/**
 * Server-side apply: one manager's configuration, merged into the object.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import type { KubeObject } from "../../../../src/kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { sameJson } from "../../store/equality.ts";
import type { Schema } from "../schema/model.ts";
import { isRecord } from "../../../../src/base/json_value.ts";
import { failedStatus } from "../status.ts";
import {
  fieldPathText,
  type FieldSet,
  fieldSetOf,
  fieldsOfValue,
  holds,
  isItem,
  isOf,
  itemStep,
  leafPaths,
  type ManagedEntry,
  type Manager,
  newEntry,
  ownable,
  schemaOf,
  schemaOfField,
  valueAt,
  withoutFields,
} from "./managed_fields.ts";

/** The options of an apply. */
interface ApplyOptions {
  manager: Manager;
  /** Takes over fields that others own. */
  force: boolean;
  now: Date;
}

/**
 * Returns the object after an apply, its managedFields included. Throws a 409 that names the owners of conflicting
 * fields.
 */
export function applyTo(
  type: ResourceType,
  live: Stored | undefined,
  requested: KubeObject,
  options: ApplyOptions,
): KubeObject {
  const schema = schemaOf(type);
  const applied = ownable(requested);
  const appliedFields = fieldsOfValue(applied, schema);
  const entries = live?.metadata.managedFields ?? [];
  const others = entries.filter((entry) => !isOf(entry, options.manager));
  const present = live ? ownable(live) : {};
  const conflicting = leafPaths(appliedFields).filter((path) =>
    path.at(-1) !== "." && !sameJson(valueAt(present, path, schema), valueAt(applied, path, schema))
  );
  const handedOver = lastApplied(live, options.manager, schema);
  const contested = conflicting.filter((path) => !holds(handedOver, path));
  const conflicts = conflictsWith(others, contested);
  if (conflicts.length > 0 && !options.force) throw conflictError(conflicts);
  const own = entries.find((entry) => isOf(entry, options.manager));
  const merged = mergeValues(present, applied, schema) as Record<string, unknown>;
  const dropped = own
    ? leafPaths(fieldSetOf(own)).filter((path) =>
      !holds(appliedFields, path) && !others.some((entry) => holds(fieldSetOf(entry), path))
    )
    : [];
  const remaining = dropped.reduce(
    (value, path) => removeAt(value, path, schema),
    merged as unknown,
  );
  const taken = new Set(conflicting.map((path) => JSON.stringify(path)));
  const managedFields: ManagedEntry[] = [
    ...withoutFields(others, (path) => taken.has(JSON.stringify(path))),
    // Applying the same again isn't a change, and records no new time.
    own && sameJson(fieldSetOf(own), appliedFields)
      ? own
      : newEntry(type, options.manager, appliedFields, options.now),
  ];
  return assembled(live ?? requested, remaining as Record<string, unknown>, managedFields);
}

/**
 * Returns the fields that kubectl applied client-side before it used server-side apply: it may still change these
 * fields, although its earlier name owns them.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
 */
function lastApplied(live: Stored | undefined, { name }: Manager, schema: Schema): FieldSet {
  const text = live?.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
  if (name !== "kubectl" || text === undefined) return {};
  try {
    const applied: unknown = JSON.parse(text);
    return isRecord(applied) ? fieldsOfValue(ownable(applied as KubeObject), schema) : {};
  } catch (error) {
    // Any client may have written the annotation; one that can't be read hands over nothing.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Returns the object with `base`'s identity and these ownable fields. */
function assembled(
  base: KubeObject,
  fields: Record<string, unknown>,
  managedFields: ManagedEntry[],
): KubeObject {
  const { apiVersion, kind } = base;
  const {
    labels: _labels,
    annotations: _annotations,
    finalizers: _finalizers,
    ownerReferences: _owners,
    ...identity
  } = base.metadata;
  const metadata = isRecord(fields["metadata"]) ? fields["metadata"] : {};
  return { ...fields, apiVersion, kind, metadata: { ...identity, ...metadata, managedFields } };
}

interface Conflict {
  /** Returns the manager as the message names it. */
  owner: string;
  field: string;
}

function conflictsWith(others: readonly ManagedEntry[], paths: readonly string[][]): Conflict[] {
  return others.flatMap((entry) =>
    paths.filter((path) => holds(fieldSetOf(entry), path))
      .map((path) => ({ owner: ownerText(entry), field: fieldPathText(path) }))
  );
}

/** Returns the manager as an error names it: an applier by its name, a manager of updates with its version too. */
function ownerText({ manager, operation, apiVersion, subresource }: ManagedEntry): string {
  const name = JSON.stringify(manager ?? "");
  const below = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  return `${name}${below}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}

function conflictError(conflicts: readonly Conflict[]): Error {
  const [first] = conflicts;
  const byOwner = Map.groupBy(conflicts, ({ owner }) => owner);
  const text = conflicts.length === 1 && first
    ? `conflict with ${first.owner}: ${first.field}`
    : [...byOwner].map(([owner, list]) =>
      `conflicts with ${owner}:\n${list.map(({ field }) => `- ${field}`).join("\n")}`
    ).join("\n");
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? "" : "s"}`;
  return failedStatus(409, "Conflict", `Apply failed with ${count}: ${text}`, {
    causes: conflicts.map(({ owner, field }) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${owner}`,
      field,
    })),
  });
}

function mergeValues(base: unknown, applied: unknown, schema: Schema): unknown {
  if (isRecord(applied) && (schema.kind === "object" || schema.kind === "map")) {
    const merged = new Map(Object.entries(isRecord(base) ? base : {}));
    for (const [key, value] of Object.entries(applied)) {
      merged.set(key, mergeValues(merged.get(key), value, schemaOfField(schema, key)));
    }
    return Object.fromEntries(merged);
  }
  if (!Array.isArray(applied) || !Array.isArray(base) || schema.kind !== "list") return applied;
  switch (schema.merge.kind) {
    case "atomic":
      return applied;
    case "set":
      return [...base, ...applied.filter((item) => !base.some((each) => sameJson(each, item)))];
    case "byKeys":
      return mergeItems(base, applied, schema.merge.keys, schema.of);
  }
}

function mergeItems(
  base: unknown[],
  applied: unknown[],
  keys: readonly string[],
  of: Schema,
): unknown[] {
  const merged = [...base];
  for (const item of applied) {
    const step = itemStep(item, keys);
    const index = merged.findIndex((each) => isItem(each, step));
    if (index < 0) merged.push(item);
    else merged[index] = mergeValues(merged[index], item, of);
  }
  return merged;
}

/** Returns the value without the field at a path. */
function removeAt(value: unknown, [step, ...rest]: readonly string[], schema: Schema): unknown {
  if (step === undefined || step === ".") return undefined;
  if (step.startsWith("f:")) {
    const key = step.slice(2);
    if (!isRecord(value) || !(key in value)) return value;
    const below = removeAt(value[key], rest, schemaOfField(schema, key));
    const { [key]: _removed, ...others } = value;
    return below === undefined ? others : { ...others, [key]: below };
  }
  if (!Array.isArray(value)) return value;
  const of: Schema = schema.kind === "list" ? schema.of : { kind: "any" };
  return value.flatMap((item) => {
    if (!isItem(item, step)) return [item];
    const below = rest.length === 0 ? undefined : removeAt(item, rest, of);
    return below === undefined ? [] : [below];
  });
}
