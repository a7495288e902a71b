/**
 * Decodes bodies into objects of their kind.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
import type { KubeObject } from "../../kube/types.ts";
import type { ResourceType } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import { isRecord } from "../../base/json_value.ts";
import { conform, type Findings } from "./schema/conform.ts";
import { definitionName } from "./schema/parse.ts";
import { badRequest, failure } from "./status.ts";

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
  throw failure(
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
  if (!isRecord(body)) throw badRequest("couldn't get version/kind; the body is no JSON object");
  const found: Findings = { unknownFields: [], wrongTypes: [] };
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
