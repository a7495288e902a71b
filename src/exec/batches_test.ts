/** Batches, budgets and first failures, by the run itself. The decision only: `schedule_test.ts`. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assertOrder,
  events,
  hello,
  outcomesOf,
  runFixture,
  scripts,
  timeoutMs,
} from "./testing/run_fixture.ts";
import type { PodScript } from "./testing/simulated_pod.ts";

Deno.test("failFast starts no further target after a failure, and running ones continue", async () => {
  const fails: PodScript = { ...hello, end: { kind: "exited", exitCode: 1 } };
  const slow: PodScript = { ...hello, output: [{ ...piece(hello), afterMs: 500 }] };
  const run = runFixture([fails, slow, hello, hello], { fanout: 2, failFast: true });
  const all = await events(run);
  assertOrder(all, 4, 2);
  assert.deepEqual(outcomesOf(all).map(({ kind }) => kind), [
    "failed",
    "ok",
    "skipped",
    "skipped",
  ]);
  const [, , third] = outcomesOf(all);
  assert.deepEqual(third, { kind: "skipped", reason: "an earlier target failed (fail-fast)" });
});

Deno.test("every target ends once with batches and a budget", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 0, max: 3 }),
    async (scripts, size, maxFail) => {
      const run = runFixture(scripts, {
        timeoutMs,
        serial: [{ kind: "count", count: size }],
        maxFail: { kind: "count", count: maxFail },
      });
      const all = await events(run);
      assertOrder(all, scripts.length, Math.min(4, size));
      const bad = outcomesOf(all).filter(({ kind }) => kind !== "ok" && kind !== "skipped");
      assert.ok(bad.length <= maxFail + size, "a batch began beyond the budget");
    },
  ));
});

function piece({ output: [first] }: PodScript): PodScript["output"][number] {
  if (first === undefined) throw new Error("a script without output");
  return first;
}
