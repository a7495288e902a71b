/**
 * Strategic merge patch: as a merge patch, but lists whose items have a key are merged item by item.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
import { sameJson } from "../../store/equality.ts";
import type { ListMerge, Schema } from "../schema/model.ts";
import { isRecord } from "../../../base/json_value.ts";
import { definition } from "../schema/parse.ts";
import { badRequest } from "../status.ts";
import { orderItems } from "./list_order.ts";

type Json = Record<string, unknown>;

const deletePrefix = "$deleteFromPrimitiveList/";
const orderPrefix = "$setElementOrder/";

/** Returns the document with the patch applied, by its schema. Throws a 400 for an invalid patch. */
export function applyStrategicPatch(document: unknown, patch: unknown, schema: Schema): unknown {
  if (!isRecord(patch)) return patch;
  const base = isRecord(document) ? document : {};
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  if (patch["$patch"] === "delete") return {};
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    const field = fieldSchema(schema, key);
    if (value === null) merged.delete(key);
    else if (Array.isArray(value)) {
      merged.set(key, mergeList(merged.get(key), value, field));
    } else if (isRecord(value)) merged.set(key, applyStrategicPatch(merged.get(key), value, field));
    else merged.set(key, value);
  }
  deleteFromLists(merged, patch);
  orderLists(merged, base, patch, schema);
  retainKeys(merged, patch["$retainKeys"]);
  return Object.fromEntries(merged);
}

function fieldSchema(schema: Schema, key: string): Schema {
  if (schema.kind === "map") return schema.of;
  if (schema.kind !== "object") return { kind: "any" };
  return definition(schema.name).fields.get(key)?.schema ?? { kind: "any" };
}

function withoutDirectives(patch: Json): Json {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith("$")));
}

function mergeList(base: unknown, patch: unknown[], schema: Schema): unknown[] {
  const before = Array.isArray(base) ? base : [];
  const merge = schema.kind === "list" ? schema.merge : { kind: "atomic" as const };
  switch (merge.kind) {
    case "atomic":
      return patch;
    case "set":
      return orderItems(
        [...before, ...patch.filter((item) => !before.some((each) => sameJson(each, item)))],
        { wanted: patch, before },
        sameJson,
      );
    case "byKeys": {
      const items = schema.kind === "list" ? schema.of : schema;
      const merged = mergeItems(before, patch, merge.keys[0] ?? "", items);
      return orderItems(merged, { wanted: patch, before }, sameItem(merge));
    }
  }
}

function mergeItems(before: unknown[], patch: unknown[], key: string, items: Schema): unknown[] {
  const changes = patch.map((item) => {
    if (!isRecord(item)) {
      throw badRequest(`an item of a list that is merged by ${key} must be an object`);
    }
    return item;
  });
  if (changes.some((item) => item["$patch"] === "replace" && !(key in item))) {
    return changes.filter((item) => item["$patch"] !== "replace").map(withoutDirectives);
  }
  const merged = [...before];
  for (const item of changes) {
    if (!(key in item)) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const index = merged.findIndex((each) => isRecord(each) && sameJson(each[key], item[key]));
    if (item["$patch"] === "delete") {
      if (index >= 0) merged.splice(index, 1);
    } else if (index < 0) merged.push(applyStrategicPatch({}, item, items));
    else merged[index] = applyStrategicPatch(merged[index], item, items);
  }
  return merged;
}

function deleteFromLists(merged: Map<string, unknown>, patch: Json): void {
  for (const [directive, values] of Object.entries(patch)) {
    if (!directive.startsWith(deletePrefix) || !Array.isArray(values)) continue;
    const key = directive.slice(deletePrefix.length);
    const list = merged.get(key);
    if (!Array.isArray(list)) continue;
    merged.set(key, list.filter((item) => !values.some((value) => sameJson(value, item))));
  }
}

/** Returns the `$setElementOrder` of a list, also if the patch changes nothing else in it. */
function orderLists(merged: Map<string, unknown>, base: Json, patch: Json, schema: Schema): void {
  for (const [directive, wanted] of Object.entries(patch)) {
    if (!directive.startsWith(orderPrefix) || !Array.isArray(wanted)) continue;
    const key = directive.slice(orderPrefix.length);
    const [list, before] = [merged.get(key), base[key]];
    const field = fieldSchema(schema, key);
    if (!Array.isArray(list) || field.kind !== "list") continue;
    const order = { wanted, before: Array.isArray(before) ? before : [] };
    merged.set(key, orderItems(list, order, sameItem(field.merge)));
  }
}

/** Returns whether two items of a list have the same keys. */
function sameItem(merge: ListMerge): (a: unknown, b: unknown) => boolean {
  const key = merge.kind === "byKeys" ? merge.keys[0] : undefined;
  if (key === undefined) return sameJson;
  return (a, b) => isRecord(a) && isRecord(b) && sameJson(a[key], b[key]);
}

/** Removes fields of a union that the patch doesn't name. */
function retainKeys(merged: Map<string, unknown>, keys: unknown): void {
  if (!Array.isArray(keys)) return;
  for (const key of [...merged.keys()]) if (!keys.includes(key)) merged.delete(key);
}
