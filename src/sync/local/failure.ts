/** Classifies failures of a step on this machine by their remedy. */
import type { StepFailure } from "../core/tree.ts";
import { isAbsent } from "../../files/errors.ts";

/** Returns a failure with the system's own message. Throws an error that isn't the system's. */
export function failureOf(error: unknown): StepFailure {
  if (!(error instanceof Error)) throw error;
  const message = error.message.replace(/: .*? -> .*$/s, "");
  const full = /os error (?:28|122)\b/.test(message);
  if (full) return { kind: "failed", reason: "full", message };
  if (error instanceof Deno.errors.PermissionDenied) {
    return { kind: "failed", reason: "denied", message };
  }
  if (/os error (?:39|66)\b/.test(message)) return { kind: "failed", reason: "notEmpty", message };
  if (isAbsent(error)) return { kind: "failed", reason: "missing", message };
  return { kind: "failed", reason: "other", message };
}
