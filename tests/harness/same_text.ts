/** Compares long texts, with a readable difference. */
import assert from "node:assert/strict";
import { createTwoFilesPatch } from "diff";

/** Fails with a unified diff if the texts differ. */
export function assertSameText(actual: string, expected: string, name: string): void {
  if (actual === expected) return;
  assert.fail(`${name}: it went otherwise\n${textDiff(expected, actual)}`);
}

/** Returns the unified diff of expected and actual text; empty if they are the same. */
export function textDiff(expected: string, actual: string): string {
  if (expected === actual) return "";
  return createTwoFilesPatch("expected", "happened", expected, actual, "", "", { context: 2 });
}
