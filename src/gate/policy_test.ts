import assert from "node:assert/strict";
import { type ContextPolicy, matchesName, policyOf, stricter } from "./policy.ts";

Deno.test("policyOf() takes a context's own name first, else the strictest pattern", () => {
  const policies = {
    "*": "ask",
    "prod-*": "read-only",
    "*-lab": "allow",
    "prod-lab": "allow",
  } as const;
  const table: Readonly<Record<string, ContextPolicy>> = {
    "kind": "ask",
    "prod-eu": "read-only",
    "eu-lab": "ask",
    "prod-eu-lab": "read-only",
    "prod-lab": "allow",
  };
  for (const [context, expected] of Object.entries(table)) {
    assert.equal(policyOf(policies, context), expected, context);
  }
  assert.equal(policyOf({ "prod-*": "ask" }, "lab"), undefined);
  assert.equal(policyOf({ "prod-*": "ask" }, "constructor"), undefined);
});

Deno.test("stricter() prefers read-only to ask to allow", () => {
  assert.equal(stricter("allow", "ask"), "ask");
  assert.equal(stricter("read-only", "allow"), "read-only");
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
