/** Secrets taken out of what is told: neither a line nor a record holds them. Pure. */
import type { JsonValue } from "../../base/json_value.ts";
import { withoutSecrets } from "../../exec/redact.ts";
import type { FullWorkflow } from "../model.ts";

/** Shorter values stand by chance in many a text. */
const shortest = 4;

/** Takes the values of secret parameters out of events and plans. */
export function masked(
  { params }: FullWorkflow,
  values: Readonly<Record<string, JsonValue>>,
): <T>(told: T) => T {
  const secrets = params.filter(({ secret }) => secret).map(({ name }) =>
    String(values[name] ?? "")
  )
    .filter((value) => value.length >= shortest);
  if (secrets.length === 0) return (told) => told;
  return <T>(told: T) => without(told, secrets) as T;
}

function without(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return withoutSecrets(value, secrets);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((one) => without(one, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, without(one, secrets)]),
  );
}
