/** The structures of objects, by their names in Kubernetes' OpenAPI document: each is read when it is first needed. */
import { kubernetesApi, type Property } from "../../kubernetes/published.ts";
import type { ResourceType } from "../../model.ts";
import type { Field, ListMerge, ObjectSchema, Schema } from "./model.ts";

const names = new Map(
  Object.entries(kubernetesApi.definitions).flatMap(([name, definition]) =>
    (definition["x-kubernetes-group-version-kind"] ?? [])
      .map(({ group, kind }) => [`${group}/${kind}`, name] as const)
  ),
);

/** Returns the name of a kind's definition. Throws if there is none. */
export function definitionName({ group, kind }: Pick<ResourceType, "group" | "kind">): string {
  // Options are a kind of every group; their definition is that of the core group.
  const name = names.get(`${group}/${kind}`) ?? names.get(`/${kind}`);
  if (name === undefined) throw new Error(`no definition is named ${kind}`);
  return name;
}

const definitions = new Map<string, ObjectSchema>();

/** Returns the definition of this name. Throws if there is none: the names come from the data itself. */
export function definition(name: string): ObjectSchema {
  let found = definitions.get(name);
  if (found === undefined) {
    const properties = kubernetesApi.definitions[name]?.properties;
    if (properties === undefined) throw new Error(`no definition is named ${name}`);
    const fields = Object.entries(properties).map(([key, each]) => [key, fieldOf(each)] as const);
    definitions.set(name, found = { fields: new Map(fields) });
  }
  return found;
}

function fieldOf(property: Property): Field {
  return {
    schema: schemaOf(property),
    keepsEmpty: property.pointer === true || property.always === true,
    numbers: property.numbers ?? [],
  };
}

/** Structures in Go that are plain values in JSON. */
const plain: Readonly<Record<string, Schema>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { kind: "quantity" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { kind: "any" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { kind: "microTime" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { kind: "time" },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { kind: "any" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { kind: "intOrString" },
};

function schemaOf(property: Property): Schema {
  const { $ref, type, format, items, additionalProperties } = property;
  if ($ref !== undefined) {
    const name = $ref.slice("#/definitions/".length);
    return plain[name] ?? { kind: "object", name };
  }
  if (items !== undefined) {
    return {
      kind: "list",
      of: schemaOf(items),
      merge: mergeOf(property),
      patch: patchOf(property),
    };
  }
  if (additionalProperties !== undefined) {
    return { kind: "map", of: schemaOf(additionalProperties) };
  }
  switch (type) {
    case "string":
      return { kind: format === "byte" ? "bytes" : "string" };
    case "boolean":
      return { kind: "bool" };
    case "integer":
      return { kind: "int" };
    default:
      return { kind: "any" };
  }
}

function mergeOf(property: Property): ListMerge {
  switch (property["x-kubernetes-list-type"]) {
    case "map":
      return { kind: "byKeys", keys: property["x-kubernetes-list-map-keys"] ?? [] };
    case "set":
      return { kind: "set" };
    default:
      return { kind: "atomic" };
  }
}

function patchOf(property: Property): ListMerge {
  if (!property["x-kubernetes-patch-strategy"]?.includes("merge")) return { kind: "atomic" };
  const key = property["x-kubernetes-patch-merge-key"];
  return key === undefined ? { kind: "set" } : { kind: "byKeys", keys: [key] };
}

/*
 * Times as Kubernetes writes them, however they were sent: in UTC, to the second (`Time`) or with six
 * digits after it (`MicroTime`). https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#MicroTime
 */

/** The two types of time that fields have. */
export type TimeKind = "time" | "microTime";

/** Returns the text for a moment: seconds since 1970, and nanoseconds after it. */
export function timeText(kind: TimeKind, seconds: number, nanoseconds: number): string {
  const toSecond = new Date(seconds * 1000).toISOString().slice(0, -".000Z".length);
  if (kind === "time") return `${toSecond}Z`;
  const micros = Math.floor(nanoseconds / 1000);
  return `${toSecond}.${String(micros).padStart(6, "0")}Z`;
}

const rfc3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** The result of parsing a time. */
type ParsedTime =
  | { kind: "time"; text: string }
  /** Returns the error of Go's `time.Parse`, which decoders pass on. */
  | { kind: "wrong"; message: string };

/** Reads RFC 3339 as Go does: a `MicroTime` has exactly six digits after the second. */
export function parseTime(kind: TimeKind, text: string): ParsedTime {
  const [, toSecond, fraction = "", zone] = rfc3339.exec(text) ?? [];
  const seconds = Date.parse(`${toSecond}${zone}`) / 1000;
  if (toSecond === undefined || Number.isNaN(seconds)) {
    return wrong(text, layouts[kind], text, layouts[kind].slice(0, 4));
  }
  if (kind === "microTime" && fraction.length !== 6) {
    const rest = text.slice(toSecond.length);
    return wrong(text, layouts.microTime, rest, fraction.length > 6 ? "Z07:00" : ".000000");
  }
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  return { kind: "time", text: timeText(kind, seconds, nanoseconds) };
}

const layouts = {
  time: "2006-01-02T15:04:05Z07:00",
  microTime: "2006-01-02T15:04:05.000000Z07:00",
} as const;

function wrong(text: string, layout: string, rest: string, part: string): ParsedTime {
  const [shown, unread] = [text, rest].map((each) => JSON.stringify(each.slice(0, 64)));
  return {
    kind: "wrong",
    message: `parsing time ${shown} as "${layout}": cannot parse ${unread} as "${part}"`,
  };
}
