/** JSON Merge Patch, RFC 7386. */
import { isRecord } from "../../../base/json_value.ts";

/** Returns the document with the patch applied: null removes, lists are replaced as a whole. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(document) ? document : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
