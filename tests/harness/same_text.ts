/** Long texts compared, with a difference that can be read. */
import assert from "node:assert/strict";
import { createTwoFilesPatch } from "diff";

/** Fails with a unified diff where the texts aren't the same. */
export function assertSameText(actual: string, expected: string, name: string): void {
  if (actual === expected) return;
  assert.fail(`${name}: it went otherwise\n${textDiff(expected, actual)}`);
}

/** What is expected and what happened, as a unified diff; empty where they are the same. */
export function textDiff(expected: string, actual: string): string {
  if (expected === actual) return "";
  return createTwoFilesPatch("expected", "happened", expected, actual, "", "", { context: 2 });
}
