import assert from "node:assert/strict";
import { median, modelStats, readCalls, storedOf } from "./metrics.ts";

Deno.test("modelStats() adds up calls by model; a cost needs a price", () => {
  const call = (model: string, outcome: "ok" | "timeout", totalMs: number, output?: number) =>
    storedOf({
      model,
      outcome,
      retries: 1,
      usage: { input: output === undefined ? undefined : 1000, output },
      firstPartMs: outcome === "ok" ? totalMs / 2 : undefined,
      totalMs,
    }, new Date(0));
  const calls = [
    call("b/x", "ok", 400, 100),
    call("b/x", "ok", 200, 300),
    call("a/y", "timeout", 9),
  ];
  const stored = calls.map((one) => JSON.stringify(one)).join("\n");
  const read = readCalls(`${stored}\n{"at":"2026`);
  assert.deepEqual(modelStats(read, { "b/x": { input: 3, output: 15 } }), [
    {
      model: "a/y",
      calls: 1,
      failed: 1,
      retries: 1,
      inputTokens: 0,
      outputTokens: 0,
      firstPartMs: undefined,
      totalMs: undefined,
      cost: undefined,
    },
    {
      model: "b/x",
      calls: 2,
      failed: 0,
      retries: 2,
      inputTokens: 2000,
      outputTokens: 400,
      firstPartMs: 150,
      totalMs: 300,
      cost: 0.012,
    },
  ]);
});

Deno.test("median() is the middle value of those that are known", () => {
  assert.equal(median([]), undefined);
  assert.equal(median([undefined]), undefined);
  assert.equal(median([9, 1, undefined, 5]), 5);
  assert.equal(median([1, 2, 3, 4]), 2.5);
});
