/** An invalid field of an object, and the 422 that a list of them makes. */
import type { KubeObject } from "../../../src/kube/types.ts";
import type { ResourceType } from "../model.ts";
import { type ApiError, failedStatus } from "./status.ts";

/** One error. `field` is the path as Kubernetes writes it: `spec.containers[0].name`. */
export interface FieldError {
  field: string;
  reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueForbidden"
    | "FieldValueNotFound"
    | "FieldValueTooLong";
  message: string;
}

/** A required value is missing. */
export function missingValue(field: string, detail = ""): FieldError {
  const message = `Required value${detail === "" ? "" : `: ${detail}`}`;
  return { field, reason: "FieldValueRequired", message };
}

/** The value has an invalid format. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  const shown = JSON.stringify(value) ?? "null";
  return { field, reason: "FieldValueInvalid", message: `Invalid value: ${shown}: ${detail}` };
}

/** The value isn't one of those that the field supports. */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const values = supported.map((each) => JSON.stringify(each)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return { field, reason: "FieldValueNotSupported", message };
}

/** The value occurs twice in a list of unique values. */
export function duplicate(field: string, value: unknown): FieldError {
  const message = `Duplicate value: ${JSON.stringify(value)}`;
  return { field, reason: "FieldValueDuplicate", message };
}

/** The field may not be set, or not be changed. */
export function forbiddenField(field: string, detail: string): FieldError {
  return { field, reason: "FieldValueForbidden", message: `Forbidden: ${detail}` };
}

/** The value names something that doesn't exist. */
export function missingReference(field: string, value: unknown): FieldError {
  return { field, reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(value)}` };
}

/** Returns the 422 for all of them at once. */
export function invalidObject(
  type: ResourceType,
  object: KubeObject,
  errors: readonly FieldError[],
): ApiError {
  const name = object.metadata.name ?? object.metadata.generateName ?? "";
  const kind = type.group === "" ? type.kind : `${type.kind}.${type.group}`;
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`);
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  return failedStatus(422, "Invalid", `${kind} ${JSON.stringify(name)} is invalid: ${all}`, {
    ...(name === "" ? {} : { name }),
    ...(type.group === "" ? {} : { group: type.group }),
    kind: type.kind,
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
