/**
 * Decodes bodies into objects of their kind.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
import type { KubeObject } from "../../../src/kube/types.ts";
import type { ResourceType } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import { isRecord } from "../../../src/base/json_value.ts";
import { definition, definitionName, parseTime, type TimeKind } from "./schema/definitions.ts";
import { canonicalQuantity } from "./schema/quantity.ts";
import { badRequest, failedStatus } from "./status.ts";
import type { ScalarKind, Schema } from "./schema/model.ts";

/** An object that fits its kind, and the warnings for the client about dropped fields. */
export interface Decoded {
  object: KubeObject;
  warnings: readonly string[];
}

type FieldValidation = "Ignore" | "Warn" | "Strict";

function fieldValidation(query: URLSearchParams): FieldValidation {
  const value = query.get("fieldValidation") || "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  const supported = 'supported values: "Ignore", "Strict", "Warn"';
  throw failedStatus(
    422,
    "Invalid",
    ` "" is invalid: fieldValidation: Unsupported value: ${JSON.stringify(value)}: ${supported}`,
  );
}

/** Checks that a body is an object of this kind. Throws a 400 with the message of Kubernetes' decoder. */
export function decodeObject(
  type: Pick<ResourceType, "group" | "version" | "kind">,
  body: unknown,
  query: URLSearchParams,
): Decoded {
  const validation = fieldValidation(query);
  if (!isRecord(body)) throw badRequest("couldn't get version/kind; the body isn't a JSON object");
  const found: DecodeFindings = { unknownFields: [], wrongTypes: [] };
  const value = conform(body, { kind: "object", name: definitionName(type) }, "", found);
  const { kind = type.kind, apiVersion = apiVersionOf(type as ResourceType) } = body;
  if (kind !== type.kind || apiVersion !== apiVersionOf(type as ResourceType)) {
    throw badRequest(
      `${String(kind)} in version ${
        JSON.stringify(apiVersion)
      } cannot be handled as a ${type.kind}`,
    );
  }
  const subject = `${type.kind} in version ${
    JSON.stringify(type.version)
  } cannot be handled as a ${type.kind}`;
  if (found.wrongTypes[0] !== undefined) throw badRequest(`${subject}: ${found.wrongTypes[0]}`);
  const complaints = found.unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (validation === "Strict" && complaints.length > 0) {
    throw badRequest(`${subject}: strict decoding error: ${complaints.join(", ")}`);
  }
  const metadata = isRecord(body["metadata"]) ? (value as KubeObject).metadata : {};
  const object = {
    ...value as KubeObject,
    kind: type.kind,
    apiVersion: String(apiVersion),
    metadata,
  };
  return { object, warnings: validation === "Warn" ? complaints : [] };
}

/* Checks a JSON value against a schema: wrong types are refused, unknown fields are reported and dropped. */

/** The findings. Paths are as Kubernetes writes them: `spec.containers[0].image`. */
export interface DecodeFindings {
  unknownFields: string[];
  /** The first is the one that a decoder would have stopped at. */
  wrongTypes: string[];
}

/** Returns the value without unknown fields and without nulls, which count as absent. */
export function conform(
  value: unknown,
  schema: Schema,
  path: string,
  found: DecodeFindings,
): unknown {
  switch (schema.kind) {
    case "any":
      return value;
    case "object":
      return conformObject(value, schema.name, path, found);
    case "map":
      return conformMap(value, schema.of, path, found);
    case "list":
      if (!Array.isArray(value)) return wrong(value, path, "slice", found);
      return value.map((item, index) => conform(item, schema.of, `${path}[${index}]`, found));
    case "time":
    case "microTime": {
      if (typeof value !== "string") return wrong(value, path, "string", found);
      const parsed = parseTime(schema.kind, value);
      if (parsed.kind === "time") return parsed.text;
      found.wrongTypes.push(parsed.message);
      return undefined;
    }
    case "quantity":
      return typeof value === "string" || typeof value === "number"
        ? canonicalQuantity(value) ?? wrong(value, path, schema.kind, found)
        : wrong(value, path, schema.kind, found);
    default:
      return fits(value, schema.kind) ? value : wrong(value, path, schema.kind, found);
  }
}

function conformObject(value: unknown, name: string, path: string, found: DecodeFindings): unknown {
  if (!isRecord(value)) return wrong(value, path, name.split(".").at(-1) ?? "", found);
  const { fields } = definition(name);
  const retained: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const here = path === "" ? key : `${path}.${key}`;
    const known = fields.get(key);
    if (known === undefined) found.unknownFields.push(here);
    else if (field !== null) {
      const value = conform(field, known.schema, here, found);
      if (known.keepsEmpty || !isEmpty(value, known.schema)) retained[key] = value;
    }
  }
  return retained;
}

/** Returns whether Kubernetes' own encoding omits it. */
function isEmpty(value: unknown, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  // An empty object has a meaning (`emptyDir: {}`); an empty map doesn't.
  if (isRecord(value)) return schema.kind === "map" && Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

function conformMap(value: unknown, of: Schema, path: string, found: DecodeFindings): unknown {
  if (!isRecord(value)) return wrong(value, path, "map", found);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (item === null && of.kind === "string") return [key, ""];
      const fitting = conform(item, of, `${path}.${key}`, found);
      // A map of quantities is one of resources.
      return [
        key,
        of.kind === "quantity" && typeof fitting === "string"
          ? canonicalQuantity(fitting, { thousandths: true })
          : fitting,
      ];
    }),
  );
}

function fits(value: unknown, kind: Exclude<ScalarKind, TimeKind | "quantity">): boolean {
  switch (kind) {
    case "string":
      return typeof value === "string";
    case "int":
      return Number.isSafeInteger(value);
    case "bool":
      return typeof value === "boolean";
    case "bytes":
      return typeof value === "string" && /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(value);
    case "intOrString":
      return typeof value === "string" || Number.isSafeInteger(value);
  }
}

function wrong(value: unknown, path: string, desired: string, found: DecodeFindings): undefined {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  found.wrongTypes.push(
    `json: cannot unmarshal ${kind} into Go struct field ${path} of type ${desired}`,
  );
  return undefined;
}
