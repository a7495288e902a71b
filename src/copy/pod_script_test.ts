import assert from "node:assert/strict";
import { copyFailure } from "./pod_script.ts";

for (
  const [reason, text] of [
    ["missing", "/etc/x: no such file or directory in the pod"],
    ["unreadable", "/etc/x: permission denied in the pod"],
    ["noFolder", "directory /etc/x does not exist in the pod"],
    ["noParent", "the parent directory of /etc/x does not exist in the pod"],
    ["isFolder", "/etc/x is a directory in the pod"],
    ["toString", "the pod gave no reason that is known"],
  ] as const
) {
  Deno.test(`copyFailure() names the path: ${reason}`, () => {
    const refusal = { reason, detail: "" };
    const { outcome } = copyFailure({ kind: "refused", refusal }, "/etc/x");
    assert.deepEqual(outcome, { kind: "failed", exitCode: 1, reason: text });
  });
}
