import assert from "node:assert/strict";
import { LogCheck } from "./log_lines.ts";

function complaintsOn(lines: readonly (readonly [string, number])[]): string[] {
  const check = new LogCheck(2, 2);
  for (const [pod, number] of lines) check.take({ pod, number });
  check.take(undefined);
  return check.complaints();
}

Deno.test("all lines, however the pods are mixed", () => {
  assert.deepEqual(complaintsOn([["a", 1], ["b", 1], ["b", 2], ["a", 2]]), []);
});

Deno.test("a lost, a doubled and a moved line, a short log and a missing pod are each noticed", () => {
  assert.deepEqual(complaintsOn([["a", 2], ["b", 1], ["b", 2]]), ["a: 2 where 1 must come"]);
  assert.equal(complaintsOn([["a", 1], ["a", 1], ["a", 2], ["b", 1], ["b", 2]]).length, 1);
  assert.ok(complaintsOn([["a", 1], ["b", 1], ["b", 2]]).includes("a: ends after 1 of 2"));
  assert.deepEqual(complaintsOn([["a", 1], ["a", 2]]), ["1 pods have no line"]);
});
