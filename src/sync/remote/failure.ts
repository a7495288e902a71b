/** Classifies failures in a pod by the messages of its programs. */
import type { StepFailure } from "../core/tree.ts";

/** Returns the failure for a message of the pod's programs. */
export function failureOf(message: string): StepFailure {
  // GNU's tar reports of a full disk only how much was written.
  const reason = /No space left|[Qq]uota exceeded|ENOSPC|Wrote only \d+ of \d+ bytes/.test(message)
    ? "full"
    : /Permission denied|Operation not permitted|Read-only file system/.test(message)
    ? "denied"
    : /not empty/i.test(message)
    ? "notEmpty"
    : /No such file/.test(message)
    ? "missing"
    : "other";
  return { kind: "failed", reason, message: message || "the pod gave no reason" };
}
