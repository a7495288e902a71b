/** Values that were too large to be stored whole: expressions can't read them. */
import { KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";

/** A cut value in the output of a step. */
export interface CutValue {
  /** Its path in the output. */
  path: readonly (string | number)[];
  /** The cut part, and the way out: a part of a message. */
  reason: string;
}

/** Formats a size: `1 MiB`, `64 KiB`. */
export function sizeText(bytes: number): string {
  const [unit, name] = bytes >= 2 ** 20 ? [2 ** 20, "MiB"] : [2 ** 10, "KiB"];
  return bytes < 1024 ? `${bytes} bytes` : `${Math.round(10 * bytes / unit) / 10} ${name}`;
}

/** Returns why a value can't be read. */
export function tooLargeReason(what: string, limitBytes: number): string {
  return `${what} is larger than ${
    sizeText(limitBytes)
  }, and was cut; give the step a larger maxOutput, or let its ` +
    "command write less";
}

/** Returns the output with values that throw when an expression reads them. */
export function guarded(output: JsonValue, cut: readonly CutValue[] = []): JsonValue {
  if (cut.length === 0) return output;
  const copy = structuredClone(output);
  for (const { path, reason } of cut) {
    const holder = path.slice(0, -1).reduce<unknown>(
      (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
      copy,
    );
    if (typeof holder !== "object" || holder === null) continue;
    Object.defineProperty(holder, path.at(-1) ?? "", {
      enumerable: true,
      get: () => {
        throw new KodamaError("config", reason);
      },
    });
  }
  return copy;
}

/** Reads a value completely. @throws KodamaError for one that was cut. */
export function readWhole(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) readWhole(inner);
}
