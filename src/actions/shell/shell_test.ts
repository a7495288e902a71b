import assert from "node:assert/strict";
import { outcomeReason } from "./shell.ts";

Deno.test("`reasonOf()` is the outcome's reason, or its name", () => {
  assert.equal(outcomeReason({ kind: "unknown", reason: "cut" }), "cut");
  assert.equal(outcomeReason({ kind: "cancelled" }), "cancelled");
});
