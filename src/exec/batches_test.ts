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

Deno.test("after a failure nothing more begins, and what runs goes on to its end", async () => {
  const fails: PodScript = { ...hello, end: { kind: "exited", exitCode: 1 } };
  const slow: PodScript = { ...hello, output: [{ ...piece(hello), afterMs: 500 }] };
  const stage = runFixture([fails, slow, hello, hello], { fanout: 2, failFast: true });
  const told = await events(stage);
  assertOrder(told, 4, 2);
  assert.deepEqual(outcomesOf(told).map(({ kind }) => kind), [
    "failed",
    "ok",
    "skipped",
    "skipped",
  ]);
  const [, , third] = outcomesOf(told);
  assert.deepEqual(third, { kind: "skipped", reason: "an earlier target failed (fail-fast)" });
});

Deno.test("with batches and a budget every target still ends once", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 0, max: 3 }),
    async (all, size, maxFail) => {
      const stage = runFixture(all, {
        timeoutMs,
        serial: [{ kind: "count", count: size }],
        maxFail: { kind: "count", count: maxFail },
      });
      const told = await events(stage);
      assertOrder(told, all.length, Math.min(4, size));
      const bad = outcomesOf(told).filter(({ kind }) => kind !== "ok" && kind !== "skipped");
      assert.ok(bad.length <= maxFail + size, "a batch began beyond the budget");
    },
  ));
});

function piece({ output: [first] }: PodScript): PodScript["output"][number] {
  if (first === undefined) throw new Error("a script without output");
  return first;
}
