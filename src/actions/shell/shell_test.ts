import assert from "node:assert/strict";
import { reasonOf } from "./shell.ts";

Deno.test("`reasonOf()` is the outcome's reason, or its name", () => {
  assert.equal(reasonOf({ kind: "unknown", reason: "cut" }), "cut");
  assert.equal(reasonOf({ kind: "cancelled" }), "cancelled");
});
