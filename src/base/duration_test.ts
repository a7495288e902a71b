import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

const right: Readonly<Record<string, number>> = {
  "15s": 15_000,
  "2m": 120_000,
  "1h30m": 5_400_000,
  "1.5s": 1500,
  "200ms": 200,
  "1m1ms": 60_001,
  "1d": 86_400_000,
  "1d12h": 129_600_000,
};

for (const [text, ms] of Object.entries(right)) {
  Deno.test(`duration: ${text}`, () => assert.equal(parseDuration(text), ms));
}

for (
  const text of ["", "5", "s", "-1s", "1s ", "1 s", "0s", "25d", "1s2", "600h", "1e3s", "0.1ms"]
) {
  Deno.test(`no duration: ${JSON.stringify(text)}`, () => {
    assert.equal(parseDuration(text), undefined);
  });
}

const formatted: readonly (readonly [ms: number, text: string])[] = [
  [0, "0ms"],
  [340.4, "340ms"],
  [1000, "1s"],
  [1250, "1.2s"],
  [9999, "9.9s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [90_000, "1m30s"],
  [3_600_000, "1h"],
  [3_725_000, "1h2m5s"],
];

for (const [ms, text] of formatted) {
  Deno.test(`${ms} ms is said as ${text}`, () => assert.equal(formatDuration(ms), text));
}

Deno.test("`parseDuration()` reads what `formatDuration()` writes, within its last digit", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), (ms) => {
    const said = parseDuration(formatDuration(ms)) ?? NaN;
    assert.ok(said <= ms && ms - said <= (ms < 1000 ? 0 : ms < 10_000 ? 100 : 1000));
  }));
});
