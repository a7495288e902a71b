/** Secrets taken out of what is told: neither a line nor a record holds them. */
import type { JsonValue } from "../../base/json_value.ts";
import { withoutSecrets } from "../../exec/redact.ts";
import type { FullWorkflow } from "../model.ts";

/** Shorter values stand by chance in many a text. */
const shortest = 4;

/** The values of secret parameters, as far as workflows have begun with them. */
export class Mask {
  readonly #secrets = new Set<string>();

  /** From now on the secret ones of these are hidden. */
  add({ params }: FullWorkflow, values: Readonly<Record<string, JsonValue>>): void {
    for (const { name, secret } of params) {
      const value = String(values[name] ?? "");
      if (secret && value.length >= shortest) this.#secrets.add(value);
    }
  }

  /** Data of any depth without them. */
  hide<T>(told: T): T {
    return this.#secrets.size === 0 ? told : without(told, [...this.#secrets]) as T;
  }
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
