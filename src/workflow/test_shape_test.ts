import assert from "node:assert/strict";
import { differences, type TestedRun } from "./test_shape.ts";

const run: TestedRun = {
  outcome: "failed",
  reason: "2 of 4 pods failed",
  exitCode: 5,
  outputs: { versions: ["4.4.2", "4.4.1"], ends: { a: "2030-01-01" } },
  steps: new Map([["used", "ok"]]),
  lines: ["here is a", "here is b"],
};

Deno.test("`differences()` is empty for an expected run; patterns and parts match", () => {
  assert.deepEqual(
    differences({
      outcome: "failed",
      exitCode: 5,
      reason: "2 of 4",
      steps: { used: "ok" },
      outputs: { versions: ["/^4/", "4.4.1"], ends: { a: "/^2030/" } },
      says: ["here is b", "/is a$/"],
    }, run),
    [],
  );
});

Deno.test("`differences()` has a line for each difference, with both values", () => {
  assert.deepEqual(
    differences({
      exitCode: 0,
      steps: { used: "failed", gone: "ok" },
      outputs: { versions: ["4.4.2"] },
      says: "nowhere",
    }, run),
    [
      "the run: expected ok, was failed: 2 of 4 pods failed",
      "exit code: expected 0, was 5",
      "step used: expected failed, was ok",
      "step gone: expected ok, was not there",
      'output versions: expected ["4.4.2"], was ["4.4.2","4.4.1"]',
      "no line contains nowhere",
    ],
  );
});
