/**
 * The OpenAPI documents, as far as clients read them: schemas for explaining and merging, and for each
 * write the parameters by which a client finds out that it may leave validation and dry runs to the server.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */
import { kubernetesApi, kubernetesTexts, type Property } from "../kubernetes/published.ts";
import { type DiscoveredGroup, groups } from "./discovery.ts";
import { type ApiResponse, json } from "./message.ts";
import { acceptedForm, parseAccept } from "./negotiate.ts";
import { type Served, served } from "./served.ts";
import { definitionName } from "./schema/definitions.ts";
import { apiVersionOf } from "../resources.ts";

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
    return once(path, () => swagger(version));
  }
  if (path === "/openapi/v3") return json({ paths: Object.fromEntries(groups.map(groupIndex)) });
  const group = groups.find((each) => path === `/openapi/v3/${groupPath(each)}`);
  return group && once(path, () => openApi(group, version));
}

const written = new Map<string, Uint8Array>();

/** Returns a document that is large and always the same: it is written once. */
function once(path: string, document: () => Json): ApiResponse {
  let bytes = written.get(path);
  if (bytes === undefined) {
    written.set(path, bytes = new TextEncoder().encode(JSON.stringify(document())));
  }
  return { kind: "bytes", code: 200, contentType: "application/json", bytes };
}

function groupPath({ group, version }: DiscoveredGroup): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function groupIndex(group: DiscoveredGroup): [string, Json] {
  const path = groupPath(group);
  return [path, { serverRelativeURL: `/openapi/v3/${path}` }];
}

function openApi({ group }: DiscoveredGroup, version: string): Json {
  const kinds = served.filter(({ type }) => type.group === group);
  return {
    openapi: "3.0.0",
    info: { title, version },
    paths: Object.fromEntries(kinds.flatMap((each) => paths(each, "#/components/schemas/"))),
    components: { schemas: definitionsOf(kinds, "#/components/schemas/") },
  };
}

function swagger(version: string): Json {
  return {
    swagger: "2.0",
    info: { title, version },
    paths: Object.fromEntries(served.flatMap((each) => paths(each, "#/definitions/"))),
    definitions: definitionsOf(served, "#/definitions/"),
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
  return { group: type.group, kind: type.kind, version: type.version };
}

function read(served: Served, action: "get" | "list", prefix: ReferencePrefix): Json {
  return {
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindOf(served),
    responses: action === "get" ? answer(served, prefix) : { "200": { description: "OK" } },
  };
}

function answer(served: Served, prefix: ReferencePrefix): Json {
  const schema = { $ref: prefix + definitionName(served.type) };
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
  const schema = action === "patch"
    ? { type: "object" }
    : { $ref: prefix + definitionName(served.type) };
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

/* The definitions of the served kinds. */

/** The paths of definitions in a document: they differ between the versions of OpenAPI. */
type ReferencePrefix = "#/definitions/" | "#/components/schemas/";

/** Returns the definitions of kinds, and all that they refer to, by their names. */
function definitionsOf(kinds: readonly Served[], prefix: ReferencePrefix): Json {
  const schemas: Json = {};
  const open = kinds.map(({ type }) => definitionName(type));
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name in schemas) continue;
    const { properties, ...rest } = kubernetesApi.definitions[name] ?? {};
    const { "": description, ...texts } = kubernetesTexts()[name] ?? {};
    const fields = Object.entries(properties ?? {}).map(([key, property]) => {
      open.push(...referencesOf(property));
      return [key, fieldSchema(property, prefix, texts[key])];
    });
    schemas[name] = {
      description,
      ...(prefix === "#/definitions/" ? rest : alternatives[name] ?? rest),
      ...(properties === undefined ? {} : { properties: Object.fromEntries(fields) }),
    };
  }
  return schemas;
}

/** Only version 3 can say that a value is of one of two types. */
const alternatives: Readonly<Record<string, Json>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    oneOf: [{ type: "string" }, { type: "number" }],
  },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
    format: "int-or-string",
    oneOf: [{ type: "integer" }, { type: "string" }],
  },
};

function referencesOf({ $ref, items, additionalProperties }: Property): string[] {
  const below = [items, additionalProperties].flatMap((each) => each ? referencesOf(each) : []);
  return $ref === undefined ? below : [$ref.slice("#/definitions/".length), ...below];
}

/** Returns a field without our extensions. A reference with siblings has to be in `allOf`, in version 3. */
function fieldSchema(property: Property, prefix: ReferencePrefix, description?: string): Json {
  const { numbers: _1, pointer: _2, always: _3, structure: _4, ...published } = property;
  const { $ref, items, additionalProperties, ...rest } = published;
  const reference = { $ref: prefix + ($ref ?? "").slice("#/definitions/".length) };
  const isAlone = prefix === "#/definitions/" || description === undefined;
  return {
    ...(description === undefined ? {} : { description }),
    ...($ref === undefined ? {} : isAlone ? reference : { allOf: [reference] }),
    ...(items === undefined ? {} : { items: fieldSchema(items, prefix) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: fieldSchema(additionalProperties, prefix) }),
    ...rest,
  };
}

/** Returns the path of a kind's objects, and that of one object. */
function pathsOf({ type }: Served): { collection: string; object: string } {
  const root = type.group === "" ? "/api/v1" : `/apis/${apiVersionOf(type)}`;
  const collection = `${root}${type.namespaced ? "/namespaces/{namespace}" : ""}/${type.plural}`;
  return { collection, object: `${collection}/{name}` };
}
