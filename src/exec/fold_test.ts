import assert from "node:assert/strict";
import fc from "fast-check";
import { Capture } from "./capture.ts";
import { Fold } from "./fold.ts";
import type { Outcome } from "./outcome.ts";

const ok: Outcome = { kind: "ok" };

function captured(text: string, limit = 1000): Capture {
  const capture = new Capture(limit);
  capture.push(new TextEncoder().encode(text));
  return capture;
}

const names = Array.from({ length: 100 }, (_, index) => `weka-drive-${index}`);

Deno.test("`fold()` groups equal outputs, the largest first, under ranges of names", () => {
  const fold = new Fold();
  for (let target = 49; target >= 0; target--) {
    fold.add({ target, outcome: ok, stdout: captured(target === 7 ? "4.3" : "4.2") });
  }
  const groups = fold.groups(names);
  assert.deepEqual(groups.map((group) => group.names), ["weka-drive-[0-6,8-49]", "weka-drive-7"]);
  assert.deepEqual(groups.map(({ stdout }) => new TextDecoder().decode(stdout)), ["4.2", "4.3"]);
});

Deno.test("`fold()` keeps targets with different outcomes apart", () => {
  const fold = new Fold();
  const outcomes: Outcome[] = [ok, { kind: "failed", exitCode: 1 }, {
    kind: "failed",
    exitCode: 2,
  }];
  for (const [target, outcome] of outcomes.entries()) {
    fold.add({ target, outcome, stdout: captured("same") });
  }
  assert.equal(fold.groups(names).length, 3);
});

Deno.test("`fold()` compares standard error only if it is given", () => {
  const [without, withIt] = [new Fold(), new Fold()];
  for (const [target, text] of ["a", "b"].entries()) {
    without.add({ target, outcome: ok, stdout: captured("same") });
    withIt.add({ target, outcome: ok, stdout: captured("same"), stderr: captured(text) });
  }
  assert.equal(without.groups(names).length, 1);
  assert.equal(withIt.groups(names).length, 2);
});

Deno.test("`fold()` keeps outputs apart that differ beyond the limit", () => {
  const fold = new Fold();
  for (const [target, text] of ["headA", "headB", "headA"].entries()) {
    fold.add({ target, outcome: ok, stdout: captured(text, 4) });
  }
  const groups = fold.groups(names);
  assert.deepEqual(groups.map(({ targets }) => targets), [[0, 2], [1]]);
  assert.deepEqual(groups.map(({ omittedBytes }) => omittedBytes), [1, 1]);
});

Deno.test("`fold()` groups equal outputs beyond its total limit, and stores their start", () => {
  const fold = new Fold(10);
  const long = "x".repeat(8000);
  for (const [target, text] of [long, long, `${long}y`].entries()) {
    fold.add({ target, outcome: ok, stdout: captured(text, 10_000) });
  }
  const groups = fold.groups(names);
  assert.deepEqual(groups.map(({ targets }) => targets), [[0, 1], [2]]);
  assert.deepEqual(groups.map(({ omittedBytes }) => omittedBytes), [3904, 3905]);
});

Deno.test("`fold()` groups exactly the equal texts", () => {
  const texts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom("a", "b", "\0") }));
  fc.assert(fc.property(texts, (all) => {
    const fold = new Fold();
    for (const [target, text] of all.entries()) {
      fold.add({ target, outcome: ok, stdout: captured(text) });
    }
    const groups = fold.groups(names);
    assert.equal(groups.length, new Set(all).size);
    for (const { targets, stdout } of groups) {
      for (const target of targets) assert.equal(all[target], new TextDecoder().decode(stdout));
    }
  }));
});
