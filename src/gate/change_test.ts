import assert from "node:assert/strict";
import { confirmReason } from "./change.ts";

const pods = (count: number, context = "lab") => Array.from({ length: count }, () => ({ context }));

Deno.test("confirmReason() asks above the limit, and always in a guarded context", () => {
  const policyOf = (context: string) => context === "lab" ? "allow" as const : "ask" as const;
  const policy = { above: 10, policyOf };
  assert.equal(confirmReason(pods(1), policy), undefined);
  assert.equal(confirmReason(pods(10), policy), undefined);
  assert.deepEqual(confirmReason(pods(11), policy), { kind: "count" });
  assert.deepEqual(confirmReason([...pods(1), ...pods(1, "prod-eu")], policy), {
    kind: "context",
    context: "prod-eu",
  });
  assert.equal(confirmReason([], { above: 0, policyOf: () => undefined }), undefined);
  assert.deepEqual(confirmReason(pods(1), { above: 0, policyOf: () => undefined }), {
    kind: "count",
  });
});
