/** The benchmarks' own judgement: they must notice what they are there to notice. */
import assert from "node:assert/strict";
import { median } from "./alternate.ts";
import { checkLines } from "./fleet_lines.ts";

const line = (index: number) => `weka-drive-${index}: weka-drive-${index}\n`;

Deno.test("the fleet's output is complete, in whatever order", () => {
  assert.deepEqual(checkLines(line(1) + line(0), 2), []);
});

Deno.test("a lost, a doubled, a mixed and a cut line are each noticed", () => {
  assert.deepEqual(checkLines(line(0), 2), ["weka-drive-1 answered 0 times"]);
  assert.deepEqual(checkLines(line(0) + line(0), 1), ["weka-drive-0 answered 2 times"]);
  assert.deepEqual(checkLines(`${line(0)}weka-drive-1: weka-drive-0\n`, 1), [
    'mixed: "weka-drive-1: weka-drive-0"',
  ]);
  assert.ok(checkLines("weka-drive-0: weka-drive-0", 1).includes("the last line has no end"));
});

Deno.test("the median is the value in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]), /no values/);
});
