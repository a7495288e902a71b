/** Answers PATCH, in all four of its forms. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
import type { KubeObject } from "../../../../src/kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { apiVersionOf } from "../../resources.ts";
import type { ApiContext } from "../context.ts";
import { decodeObject } from "../decode.ts";
import { type ApiRequest, type ApiResponse, flag, json } from "../message.ts";
import { decodeText, mediaType, parseJson, parseYaml, represent } from "../negotiate.ts";
import type { ResourceRoute } from "../route.ts";
import { isRecord } from "../../../../src/base/json_value.ts";
import type { ListMerge, Schema } from "../schema/model.ts";
import type { Served } from "../served.ts";
import { badRequest, failedStatus, unsupportedMediaType } from "../status.ts";
import { scaleOf, scaleTo } from "../scale.ts";
import { createObject, existing, replaceObject } from "../stored_object.ts";
import { isDryRun, managerOf, targetNamespace, withWarnings } from "../write.ts";
import { applyTo } from "./apply.ts";
import { schemaOf } from "./managed_fields.ts";
import { sameJson } from "../../store/equality.ts";
import { definition, definitionName } from "../schema/definitions.ts";

/* JSON Patch, RFC 6902. */

/** The maximum number of operations that a real server accepts in one patch. */
const operationLimit = 10_000;

/**
 * How much longer all `copy` operations of one patch may make an object, in bytes of JSON: without it
 * forty of them, each of which doubles the object, fill any memory. A real server's
 * `JSONPatchMaxCopyBytes`.
 */
const copyLimitBytes = 3 * 1024 * 1024;

/**
 * Returns the document after all operations. Throws a 400 for an invalid patch, and a 422 for one that doesn't apply.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch must be an array of operations");
  if (patch.length > operationLimit) {
    throw failedStatus(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${operationLimit}, got ${patch.length}`,
    );
  }
  let copiedBytes = 0;
  const copy = (value: unknown) => {
    const text = JSON.stringify(value);
    copiedBytes += new TextEncoder().encode(text).length;
    if (copiedBytes > copyLimitBytes) throw unprocessable();
    return JSON.parse(text) as unknown;
  };
  return patch.reduce<unknown>(
    (state, operation) => {
      if (!isRecord(operation)) throw badRequest("an operation of a JSON patch must be an object");
      return applyOperation(state, operation, copy);
    },
    structuredClone(document),
  );
}

function applyOperation(
  document: unknown,
  operation: Record<string, unknown>,
  copy: (value: unknown) => unknown,
): unknown {
  const path = pointer(operation["path"]);
  const value = () => structuredClone(operation["value"]);
  switch (operation["op"]) {
    case "add":
      return edited(document, path, "add", value());
    case "replace":
      read(document, path);
      return edited(document, path, "replace", value());
    case "remove":
      read(document, path);
      return edited(document, path, "remove", undefined);
    case "move": {
      const from = pointer(operation["from"]);
      const moved = read(document, from);
      return edited(edited(document, from, "remove", undefined), path, "add", moved);
    }
    case "copy":
      return edited(document, path, "add", copy(read(document, pointer(operation["from"]))));
    case "test":
      if (sameJson(read(document, path), operation["value"])) return document;
      throw unprocessable();
    default:
      throw badRequest(`unexpected kind of operation: ${JSON.stringify(operation["op"])}`);
  }
}

/** Returns the error. A real server doesn't report which operation it was either. */
function unprocessable(): Error {
  const message = "the server rejected our request due to an error in our request";
  return failedStatus(422, "Invalid", message, {});
}

/** Returns the steps of a JSON Pointer, RFC 6901. */
function pointer(text: unknown): string[] {
  if (text === "") return [];
  if (typeof text !== "string" || !text.startsWith("/")) {
    throw badRequest(`${JSON.stringify(text)} isn't a JSON pointer`);
  }
  return text.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce((value, step) => {
    const found = Array.isArray(value)
      ? value[indexOf(step, value.length - 1)]
      : isRecord(value) && Object.hasOwn(value, step)
      ? value[step]
      : undefined;
    if (found === undefined) throw unprocessable();
    return found as unknown;
  }, document);
}

function indexOf(step: string, last: number): number {
  const index = /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : NaN;
  if (Number.isNaN(index) || index > last) throw unprocessable();
  return index;
}

function edited(
  document: unknown,
  path: readonly string[],
  how: "add" | "replace" | "remove",
  value: unknown,
): unknown {
  const last = path.at(-1);
  if (last === undefined) return how === "remove" ? null : value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const end = how === "add" ? parent.length : parent.length - 1;
    const index = last === "-" && how === "add" ? parent.length : indexOf(last, end);
    parent.splice(index, how === "add" ? 0 : 1, ...(how === "remove" ? [] : [value]));
  } else if (isRecord(parent)) {
    if (how === "remove") delete parent[last];
    else {Object.defineProperty(parent, last, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });}
  } else throw unprocessable();
  return document;
}

/*
 * Strategic merge patch: as a merge patch, but lists whose items have a key are merged item by item.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */

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
  const merge = schema.kind === "list" ? schema.patch : { kind: "atomic" as const };
  switch (merge.kind) {
    case "atomic":
      return patch;
    case "set":
      return orderItems(
        [...before, ...patch.filter((item) => !before.some((each) => sameJson(each, item)))],
        { desired: patch, before },
        sameJson,
      );
    case "byKeys": {
      const items = schema.kind === "list" ? schema.of : schema;
      const merged = mergeItems(before, patch, merge.keys[0] ?? "", items);
      return orderItems(merged, { desired: patch, before }, sameItem(merge));
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
  for (const [directive, desired] of Object.entries(patch)) {
    if (!directive.startsWith(orderPrefix) || !Array.isArray(desired)) continue;
    const key = directive.slice(orderPrefix.length);
    const [list, before] = [merged.get(key), base[key]];
    const field = fieldSchema(schema, key);
    if (!Array.isArray(list) || field.kind !== "list") continue;
    const order = { desired, before: Array.isArray(before) ? before : [] };
    merged.set(key, orderItems(list, order, sameItem(field.patch)));
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

/**
 * Orders `items`. Those that `desired` names come in its order, the others in that of `before`; if the two conflict,
 * `before` decides which is first, and a named item that wasn't there before goes ahead.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
function orderItems(
  items: readonly unknown[],
  order: { desired: readonly unknown[]; before: readonly unknown[] },
  same: (a: unknown, b: unknown) => boolean,
): unknown[] {
  const position = (list: readonly unknown[], item: unknown) =>
    list.findIndex((each) => same(each, item));
  const sortedBy = (list: readonly unknown[], some: readonly unknown[]) =>
    some.toSorted((a, b) => position(list, a) - position(list, b));
  const isNamed = (item: unknown) => position(order.desired, item) >= 0;
  const named = sortedBy(order.desired, items.filter(isNamed));
  const others = sortedBy(order.before, items.filter((item) => !isNamed(item)));
  const ordered: unknown[] = [];
  for (const item of named) {
    const here = position(order.before, item);
    while (here >= 0 && others.length > 0 && position(order.before, others[0]) < here) {
      ordered.push(others.shift());
    }
    ordered.push(item);
  }
  return [...ordered, ...others];
}

/** Returns the document with the patch applied: null removes, lists are replaced as a whole. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(document) ? document : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

const applyType = "application/apply-patch+yaml";

type Patcher = (document: unknown, patch: unknown, schema: Schema) => unknown;

const patchers: Readonly<Record<string, Patcher>> = {
  "application/json-patch+json": applyJsonPatch,
  "application/merge-patch+json": applyMergePatch,
  "application/strategic-merge-patch+json": applyStrategicPatch,
};

/** Answers a patch of an object, of its status or of its scale. */
export async function patch(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const form = mediaType(request.headers["content-type"]);
  if (form === applyType) return await apply(context, request, type, route);
  const patcher = patchers[form];
  if (patcher === undefined) throw unsupportedMediaType([...Object.keys(patchers), applyType]);
  const body = parseJson(decodeText(request.body));
  const object = existing(context, type, route);
  if (route.subresource === "scale") {
    const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
    const patched = patcher(scaleOf(object), body, { kind: "object", name: definitionName(kind) });
    const desired = decodeObject(kind, patched, request.query).object;
    const options = {
      dryRun: isDryRun(request.query),
      manager: managerOf(request, "Update", "scale"),
    };
    return json(scaleTo(context, type, object, desired, options));
  }
  const whole: Stored = { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
  const patched = patcher(whole, body, schemaOf(type));
  const decoded = decodeObject(type, patched, request.query);
  const written = write(context, request, type, route, { ...decoded, previous: object });
  return withWarnings(represent(context, request, type, written), decoded.warnings);
}

function write(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
  { object, previous }: { object: KubeObject; previous: Stored },
): Stored {
  checkName(object, route);
  targetNamespace(type, object, route);
  return replaceObject(context, type, object, previous, {
    half: route.subresource === "status" ? "status" : "all",
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update", route.subresource),
  });
}

function checkName({ metadata: { name } }: KubeObject, route: ResourceRoute): void {
  if (name === route.name) return;
  throw badRequest(
    `the name of the object (${name}) does not match the name on the URL (${route.name})`,
  );
}

async function apply(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (!request.query.get("fieldManager")) {
    throw failedStatus(
      422,
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  const body = await parseYaml(decodeText(request.body));
  if (!isRecord(body)) throw badRequest("the body of an apply must be an object");
  const { object, warnings } = decodeObject(type, body, request.query);
  if (object.metadata.managedFields) {
    throw badRequest("metadata.managedFields must be nil");
  }
  for (const field of ["apiVersion", "kind"]) {
    if (!body[field]) throw badRequest(`Object '${field}' is missing in the applied configuration`);
  }
  if (object.metadata.name) checkName(object, route);
  const metadata = { ...object.metadata, name: object.metadata.name ?? route.name };
  const desired = { ...object, metadata };
  const namespace = targetNamespace(type, desired, route);
  const live = context.store.get(type, namespace, route.name);
  const manager = managerOf(request, "Apply", route.subresource);
  const options = { manager, force: flag(request.query, "force"), now: context.clock.now() };
  // Through the schema again: a map that lost its last field is removed.
  const { object: applied } = decodeObject(
    type,
    applyTo(type, live, desired, options),
    request.query,
  );
  const dryRun = isDryRun(request.query);
  const { managedFields } = applied.metadata;
  const written = live === undefined
    ? createObject(context, type, applied, {
      namespace,
      dryRun,
      managedFields: managedFields ?? [],
    })
    : replaceObject(context, type, applied, live, {
      half: route.subresource === "status" ? "status" : "all",
      dryRun,
      managedFields: managedFields ?? [],
    });
  const answer = represent(context, request, type, written, live === undefined ? 201 : 200);
  return withWarnings(answer, warnings);
}
