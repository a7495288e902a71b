/** Removes secrets from events: neither a line nor a record contains them. */
import type { JsonValue } from "../../base/json_value.ts";
import { withoutSecrets } from "../../exec/redact.ts";
import type { FullWorkflow } from "../model.ts";

/** Shorter values occur in many texts by chance. */
const shortest = 4;

/** The values of secret parameters, of all workflows that have started with them. */
export class Mask {
  readonly #secrets = new Set<string>();

  /** Hides the secret ones of these from now on. */
  add({ params }: FullWorkflow, values: Readonly<Record<string, JsonValue>>): void {
    for (const { name, secret } of params) {
      if (!secret) continue;
      const value = String(values[name] ?? "");
      // A line of it can occur alone: commands write line by line.
      for (const part of [value, ...value.split(/\r?\n/).map((line) => line.trim())]) {
        if (part.length >= shortest) this.#secrets.add(part);
      }
    }
  }

  /** A whole secret comes before its lines. */
  #longestFirst(): string[] {
    return [...this.#secrets].sort((a, b) => b.length - a.length);
  }

  /** Returns data of any depth without them. */
  hide<T>(value: T): T {
    return this.#secrets.size === 0 ? value : without(value, this.#longestFirst()) as T;
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
