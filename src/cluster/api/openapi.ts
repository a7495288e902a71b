/**
 * The OpenAPI documents, as far as clients read them: schemas for explaining and merging, and for each
 * write the parameters by which a client finds out that it may leave validation and dry runs to the server.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */
import { groups } from "./discovery.ts";
import { type ApiResponse, json } from "./message.ts";
import { acceptedForm, parseAccept } from "./negotiate.ts";
import { type Served, served } from "./served.ts";
import { definition, definitionName, objectSchema } from "./schema/parse.ts";
import { apiVersionOf } from "../resources.ts";
import type { ListMerge, Schema } from "./schema/model.ts";

type Json = Record<string, unknown>;

const title = "Kubernetes";

/** kubectl reads version 2 only in this format, for kinds that it didn't find in version 3. */
const protobufForm = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/**
 * Returns the document at a path; undefined if the path isn't one of them. In protobuf version 2 has no definitions: a
 * client that finds nothing of a kind there leaves its validation to the server and then reports that the kind isn't
 * served.
 */
export function openApiDocument(
  path: string,
  { accept, version }: { accept: string; version: string },
): ApiResponse | undefined {
  if (path === "/openapi/v2") {
    const accepted = parseAccept(accept);
    if (accepted[0]?.type.startsWith("application/com.github.proto-openapi.spec.v2")) {
      return { kind: "bytes", code: 200, contentType: protobufForm, bytes: emptySwagger(version) };
    }
    acceptedForm(accept);
    return json(swagger(version));
  }
  if (path === "/openapi/v3") return json({ paths: Object.fromEntries(groups.map(groupIndex)) });
  const group = groups.find((each) => path === `/openapi/v3/${groupPath(each.group)}`);
  return group && json(openApi(group.group, version));
}

function groupPath(group: string): string {
  return group === "" ? "api/v1" : `apis/${group}/v1`;
}

function groupIndex({ group }: { group: string }): [string, Json] {
  const path = groupPath(group);
  return [path, { serverRelativeURL: `/openapi/v3/${path}` }];
}

function openApi(group: string, version: string): Json {
  const kinds = kindsOf(group);
  const names = kinds.map(({ type }) => definitionName(type));
  return {
    openapi: "3.0.0",
    info: { title, version },
    paths: Object.fromEntries(kinds.flatMap((each) => paths(each, "#/components/schemas/"))),
    components: { schemas: definitionsFrom(names, "#/components/schemas/") },
  };
}

function swagger(version: string): Json {
  const kinds = kindsOf(undefined);
  const names = kinds.map(({ type }) => definitionName(type));
  return {
    swagger: "2.0",
    info: { title, version },
    paths: Object.fromEntries(kinds.flatMap((each) => paths(each, "#/definitions/"))),
    definitions: definitionsFrom(names, "#/definitions/"),
  };
}

/** `Document { swagger = 1; info = 2 { title = 1; version = 2 } }` of gnostic's `OpenAPIv2.proto`. */
function emptySwagger(version: string): Uint8Array {
  const text = new TextEncoder();
  const field = (number: number, value: Uint8Array) =>
    Uint8Array.of(number << 3 | 2, value.length, ...value);
  const info = [field(1, text.encode(title)), field(2, text.encode(version))];
  return Uint8Array.of(
    ...field(1, text.encode("2.0")),
    ...field(2, Uint8Array.from(info.flatMap((each) => [...each]))),
  );
}

const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

function paths(served: Served, prefix: ReferencePrefix): [string, Json][] {
  const { collection, object } = pathsOf(served);
  return [
    [collection, { get: read(served, "list", prefix), post: write(served, "post", prefix) }],
    [object, {
      get: read(served, "get", prefix),
      put: write(served, "put", prefix),
      patch: write(served, "patch", prefix),
    }],
  ];
}

function kindOf({ type }: Served): Json {
  return kindExtension(type.group, type.version, type.kind);
}

function read(served: Served, action: "get" | "list", prefix: ReferencePrefix): Json {
  return {
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindOf(served),
    responses: action === "get" ? answer(served, prefix) : { "200": { description: "OK" } },
  };
}

function answer(served: Served, prefix: ReferencePrefix): Json {
  const schema = { $ref: prefix + fullNameOf(served) };
  return {
    "200": {
      description: "OK",
      ...(prefix === "#/definitions/"
        ? { schema }
        : { content: { "application/json": { schema } } }),
    },
  };
}

function write(served: Served, action: "post" | "put" | "patch", prefix: ReferencePrefix): Json {
  const old = prefix === "#/definitions/";
  const text = old ? { type: "string" } : { schema: { type: "string" } };
  const parameters = [
    "dryRun",
    "fieldManager",
    "fieldValidation",
    ...(action === "patch" ? ["force"] : []),
  ]
    .map((name) => ({ name, in: "query", ...text }));
  const schema = action === "patch" ? { type: "object" } : { $ref: prefix + fullNameOf(served) };
  const types = action === "patch" ? patchTypes : ["application/json", "application/yaml"];
  return {
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindOf(served),
    parameters: old ? [...parameters, { name: "body", in: "body", schema }] : parameters,
    ...(old
      ? { consumes: types }
      : { requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema }])) } }),
    responses: answer(served, prefix),
  };
}

/* The schemas of the served kinds, as OpenAPI. */

/** The paths of definitions in a document: they differ between the versions of OpenAPI. */
type ReferencePrefix = "#/definitions/" | "#/components/schemas/";

/** Returns a kind, with its group and version, as extensions name it. */
function kindExtension(group: string, version: string, kind: string): Json {
  return { group, kind, version };
}

/** Returns definitions by their full names: the named ones, and all that they reference. */
function definitionsFrom(names: readonly string[], prefix: ReferencePrefix): Json {
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
function kindsOf(group: string | undefined): typeof served {
  return served.filter(({ type }) => group === undefined || type.group === group);
}

/** Returns the path of a kind's objects, and that of one object. */
function pathsOf({ type }: (typeof served)[number]): { collection: string; object: string } {
  const root = type.group === "" ? "/api/v1" : `/apis/${apiVersionOf(type)}`;
  const collection = `${root}${type.namespaced ? "/namespaces/{namespace}" : ""}/${type.plural}`;
  return { collection, object: `${collection}/{name}` };
}

/** Returns the full name of a kind's definition. */
function fullNameOf({ type }: (typeof served)[number]): string {
  return objectSchema(type).fullName;
}
