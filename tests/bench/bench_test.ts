/** The benchmarks' own judgement: they must notice what they are there to notice. */
import assert from "node:assert/strict";
import { median, ratios } from "./alternate.ts";
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

Deno.test("`ratios()` shows a start that doubled in all three, and a disturbance in one alone", () => {
  const theirs = [100, 110, 120, 130, 140];
  const doubled = ratios(theirs.map((ms) => 2 * ms), theirs);
  assert.deepEqual(doubled, { medians: 2, paired: 2, fastest: 2 });
  // Another program ran beside most of ours.
  const { medians, paired, fastest } = ratios([100, 220, 240, 260, 280], theirs);
  assert.deepEqual([medians, paired, fastest], [2, 2, 1]);
  // Only one of theirs ran undisturbed.
  assert.deepEqual(ratios([100, 100, 100], [50, 100, 100]), { medians: 1, paired: 1, fastest: 2 });
});
