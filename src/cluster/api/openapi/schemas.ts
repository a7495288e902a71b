/** The schemas of the served kinds, as OpenAPI. */
import { apiVersionOf } from "../../resources.ts";
import { served } from "../served.ts";
import type { ListMerge, Schema } from "../schema/model.ts";
import { definition, definitionName, definitionOf } from "../schema/parse.ts";

type Json = Record<string, unknown>;

/** The paths of definitions in a document: they differ between the versions of OpenAPI. */
export type ReferencePrefix = "#/definitions/" | "#/components/schemas/";

/** Returns a kind, with its group and version, as extensions name it. */
export function kindExtension(group: string, version: string, kind: string): Json {
  return { group, kind, version };
}

/** Returns definitions by their full names: the named ones, and all that they reference. */
export function definitionsFrom(names: readonly string[], prefix: ReferencePrefix): Json {
  const schemas: Json = {};
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const { fullName, fields } = definition(name);
    if (fullName in schemas) continue;
    const required = [...fields].filter(([, field]) => field.required).map(([key]) => key);
    const properties = [...fields].map(([key, { schema }]) => {
      collect(schema, open);
      return [key, fieldSchema(schema, prefix)] as const;
    });
    const served = servedKinds.get(name);
    schemas[fullName] = {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
      ...(served ? { "x-kubernetes-group-version-kind": [served] } : {}),
    };
  }
  return schemas;
}

const servedKinds = new Map(served.map(({ type }) => [
  definitionName(type),
  kindExtension(type.group, type.version, type.kind),
]));

function collect(schema: Schema, names: string[]): void {
  if (schema.kind === "object") names.push(schema.name);
  else if (schema.kind === "list" || schema.kind === "map") collect(schema.of, names);
}

/** Objects by reference; with siblings, a reference has to be in `allOf`. */
function fieldSchema(schema: Schema, prefix: ReferencePrefix): Json {
  switch (schema.kind) {
    case "string":
      return { type: "string" };
    case "bool":
      return { type: "boolean" };
    case "int":
      return { type: "integer", format: "int64" };
    case "bytes":
      return { type: "string", format: "byte" };
    case "time":
    case "microTime":
      return { type: "string", format: "date-time" };
    case "quantity":
      return prefix === "#/definitions/"
        ? { type: "string" }
        : { oneOf: [{ type: "string" }, { type: "number" }] };
    case "intOrString":
      return prefix === "#/definitions/"
        ? { type: "string", format: "int-or-string" }
        : { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
    case "any":
      return { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    case "object":
      return { $ref: prefix + definition(schema.name).fullName };
    case "map":
      return { type: "object", additionalProperties: fieldSchema(schema.of, prefix) };
    case "list":
      return {
        type: "array",
        items: fieldSchema(schema.of, prefix),
        ...listExtensions(schema.merge),
      };
  }
}

function listExtensions(merge: ListMerge): Json {
  switch (merge.kind) {
    case "atomic":
      return { "x-kubernetes-list-type": "atomic" };
    case "set":
      return { "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge" };
    case "byKeys":
      return {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": merge.keys,
        "x-kubernetes-patch-merge-key": merge.keys[0],
        "x-kubernetes-patch-strategy": "merge",
      };
  }
}

/** Served kinds of one group; all if it is undefined. */
export function kindsOf(group: string | undefined): typeof served {
  return served.filter(({ type }) => group === undefined || type.group === group);
}

/** Returns the path of a kind's objects, and that of one object. */
export function pathsOf({ type }: (typeof served)[number]): { collection: string; object: string } {
  const root = type.group === "" ? "/api/v1" : `/apis/${apiVersionOf(type)}`;
  const collection = `${root}${type.namespaced ? "/namespaces/{namespace}" : ""}/${type.plural}`;
  return { collection, object: `${collection}/{name}` };
}

/** Returns the full name of a kind's definition. */
export function fullNameOf({ type }: (typeof served)[number]): string {
  return definitionOf(type).fullName;
}
