import assert from "node:assert/strict";
import fc from "fast-check";
import { parseQuantity } from "../../../../src/base/quantity.ts";
import { canonicalQuantity } from "./quantity.ts";

const cases: [string | number, string | undefined][] = [
  ["0.5", "500m"],
  [0.5, "500m"],
  ["2000m", "2"],
  ["1500m", "1500m"],
  ["1000000", "1M"],
  ["1024", "1024"],
  ["1.5Gi", "1536Mi"],
  ["1024Mi", "1Gi"],
  ["0.5Gi", "512Mi"],
  ["0.5Ki", "512"],
  ["0.3Ki", "307200m"],
  ["1e9", "1e9"],
  ["12e2", "1200"],
  ["1E", "1E"],
  ["0Gi", "0"],
  ["-1", "-1"],
  ["+1k", "1k"],
  ["0.0000000001", "1n"],
  [".5", "500m"],
  ["5.", "5"],
  ["1ki", undefined],
  ["", undefined],
  [".", undefined],
  ["one", undefined],
];

for (const [sent, expected] of cases) {
  Deno.test(`the quantity ${JSON.stringify(sent)} is ${expected}`, () => {
    assert.equal(canonicalQuantity(sent), expected);
  });
}

Deno.test("resources are counted in thousandths", () => {
  assert.equal(canonicalQuantity("0.0001", { thousandths: true }), "1m");
});

Deno.test("a quantity keeps its value, and is canonical", () => {
  const suffix = fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2");
  fc.assert(fc.property(fc.nat(1_000_000), suffix, (number, suffix) => {
    const sent = `${number}${suffix}`;
    const text = canonicalQuantity(sent) ?? "";
    assert.equal(canonicalQuantity(text), text);
    const [value = NaN, before = NaN] = [text, sent].map(parseQuantity);
    assert.ok(Math.abs(value - before) <= before * 1e-12, `${sent} became ${text}`);
  }));
});
