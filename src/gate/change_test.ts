import assert from "node:assert/strict";
import { confirmReason, matchesName } from "./change.ts";

const pods = (count: number, context = "lab") => Array.from({ length: count }, () => ({ context }));

Deno.test("confirmReason() asks above the limit, and always in a guarded context", () => {
  const policy = { above: 10, contexts: ["prod-*"] };
  assert.equal(confirmReason(pods(1), policy), undefined);
  assert.equal(confirmReason(pods(10), policy), undefined);
  assert.deepEqual(confirmReason(pods(11), policy), { kind: "count" });
  assert.deepEqual(confirmReason([...pods(1), ...pods(1, "prod-eu")], policy), {
    kind: "context",
    context: "prod-eu",
  });
  assert.equal(confirmReason([], { above: 0, contexts: [] }), undefined);
  assert.deepEqual(confirmReason(pods(1), { above: 0, contexts: [] }), { kind: "count" });
});

Deno.test("matchesName() takes * for any text, and all else literally", () => {
  const table: [pattern: string, name: string, expected: boolean][] = [
    ["prod", "prod", true],
    ["prod", "prod-eu", false],
    ["prod-*", "prod-eu", true],
    ["*prod*", "eu-prod-1", true],
    ["*", "", true],
    ["a*b*c", "abbc", true],
    ["a*b*c", "acb", false],
    ["ab*ba", "aba", false],
    ["a.c", "abc", false],
    ["*x", "x", true],
  ];
  for (const [pattern, name, expected] of table) {
    assert.equal(matchesName(pattern, name), expected, `${pattern} ${name}`);
  }
});
