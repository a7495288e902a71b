/** What went wrong in a pod, out of the words of its programs. */
import type { StepFailure } from "../tree.ts";

/** A failure in the words of the pod's programs. */
export function failureOf(message: string): StepFailure {
  // GNU's tar says of a full disk only how much went there.
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
