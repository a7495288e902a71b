/** Fields of the full form, converted from their written form to narrow types. The shape has checked them. */
import type { JsonValue } from "../base/json_value.ts";
import { parseDuration } from "../base/duration.ts";
import type { RetryPolicy } from "../base/retry.ts";
import { durationText, listed } from "./fields.ts";
import type { FullFile } from "./file_shape.ts";
import {
  type Concurrency,
  type Grant,
  noPermissions,
  type ParamType,
  type Permissions,
} from "./model.ts";

/** Reads `attempts: 3`, or each of its parts. */
export function retryOf(
  written: number | {
    most: number;
    delay?: string | undefined;
    factor?: number | undefined;
    maxDelay?: string | undefined;
  },
): RetryPolicy {
  const { most, delay, factor, maxDelay } = typeof written === "number"
    ? { most: written }
    : written;
  return {
    attempts: most,
    delayMs: parseDuration(delay ?? "1s") ?? 0,
    factor: factor ?? 2,
    maxDelayMs: parseDuration(maxDelay ?? "1m") ?? 0,
  };
}

/** Grants only what is written. */
export function permissionsOf(written: FullFile["permissions"]): Permissions {
  if (written === undefined) return noPermissions;
  const { cluster = [], ...grants } = written;
  const given = Object.entries(grants).filter(([, grant]) => grant !== undefined);
  return {
    ...noPermissions,
    ...Object.fromEntries(given) as Partial<Record<string, Grant>>,
    cluster: cluster.map(({ verbs, namespaces }) => ({
      verbs: listed(verbs),
      namespaces: listed(namespaces),
    })),
  };
}

/** Reads `wait`, or a group and a mode; the group is the workflow's name if none is given. */
export function concurrencyOf(
  written: NonNullable<FullFile["concurrency"]>,
  name: string,
): Concurrency {
  return typeof written === "string"
    ? { group: name, mode: written }
    : { group: written.group, mode: written.mode ?? "wait" };
}

/** Returns the type of a value that stands for its parameter's. */
export function typeOfValue(value: JsonValue | undefined): ParamType | undefined {
  if (typeof value === "number" || typeof value === "boolean") return typeof value as ParamType;
  if (typeof value === "string") return "text";
  return Array.isArray(value) ? "list" : undefined;
}

/** Returns whether a value is of this type. */
export function fits(value: JsonValue, type: ParamType): boolean {
  if (type === "duration") return typeof value === "string" && parseDuration(value) !== undefined;
  return typeOfValue(value) === type;
}

/** Each as a noun, for messages. */
export const typeNouns: Readonly<Record<ParamType, string>> = {
  text: "a text",
  number: "a number",
  boolean: "true or false",
  duration: durationText,
  list: "a list",
};
