import assert from "node:assert/strict";
import fc from "fast-check";
import { ageText, formatDuration, parseAge, parseDuration, parseGoDuration } from "./duration.ts";

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

/** Those of Go's own tests that kubectl's flags take. https://go.dev/src/time/time_test.go */
const ofGo: Readonly<Record<string, number | undefined>> = {
  "0": 0,
  "-0s": 0,
  "0s0m": 0,
  "+5s": 5000,
  "-5.6s": -5600,
  ".5s": 500,
  "5.s": 5000,
  "-.5s": -500,
  "100us": 0.1,
  "12µs": 0.012,
  "12μs": 0.012,
  "1ns": 1e-6,
  "39h9m14.425s": 140_954_425,
  "1000h": 3_600_000_000,
  "1d": 86_400_000,
  "": undefined,
  "3": undefined,
  "-": undefined,
  "s": undefined,
  ".": undefined,
  ".s": undefined,
  "+.s": undefined,
  "--5s": undefined,
  "1s ": undefined,
  "1x": undefined,
};

for (const [text, ms] of Object.entries(ofGo)) {
  Deno.test(`Go's duration: ${JSON.stringify(text)}`, () => {
    assert.equal(parseGoDuration(text) ?? NaN, ms ?? NaN);
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

Deno.test("property: parseAge() gives the range of ages that ageText() shows as a text", () => {
  const year = 365 * 86_400_000;
  const longest = [1, 10, 200, 5000, 100_000, 900_000].map((s) => s * 1000);
  const ms = fc.oneof(...[...longest, 3 * year, 20 * year].map((max) => fc.nat({ max })));
  fc.assert(fc.property(ms, (ms) => {
    const text = ageText(ms);
    const read = parseAge(text);
    assert.ok(read !== undefined && read.ms <= ms && ms < read.ms + read.precisionMs, text);
    assert.equal(ageText(read.ms), text);
    assert.equal(ageText(read.ms + read.precisionMs - 1), text);
    assert.notEqual(ageText(read.ms + read.precisionMs), text);
  }));
  for (const other of ["", "5", "s", "90m5s", "<unknown>", "61m", "1d", "-3s", "01s"]) {
    const isAge = parseAge(other) !== undefined;
    assert.equal(isAge, other === "61m", other);
  }
});
