import assert from "node:assert/strict";
import {
  type ContextPolicies,
  type ContextPolicy,
  effectivePolicy,
  matchesName,
  policyOf,
  stricter,
  strictestPolicy,
} from "./policy.ts";

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

Deno.test("effectivePolicy() is that of the server, whatever its contexts are called; the strictest wins", () => {
  const prod = "https://10.0.0.1:6443";
  const known = [
    { name: "prod", server: prod },
    { name: "copy", server: "https://10.0.0.1:6443/" },
    { name: "mine", server: prod },
    { name: "lab", server: "https://lab" },
    { name: "broken" },
  ];
  const contexts: ContextPolicies = { "prod*": "read-only", mine: "allow", "l*": "allow" };
  const table: [
    context: string,
    server: string | undefined,
    servers: ContextPolicies,
    expected: ContextPolicy | undefined,
  ][] = [
    ["prod", prod, {}, "read-only"],
    // A second context of the server, and a context that the kubeconfig's other contexts don't show.
    ["copy", prod, {}, "read-only"],
    ["renamed", "HTTPS://10.0.0.1:6443", {}, "read-only"],
    ["lab", "https://lab", {}, "allow"],
    // An option's server in place of the context's own.
    ["lab", prod, {}, "read-only"],
    // The user's own word about this very context, which that about the server can only make stricter.
    ["mine", prod, {}, "allow"],
    ["mine", prod, { "10.0.0.1": "ask" }, "ask"],
    ["mine", prod, { "10.0.0.1:6443": "read-only" }, "read-only"],
    ["mine", prod, { "https://10.0.0.*": "read-only" }, "read-only"],
    ["mine", prod, { [`${prod}/`]: "read-only" }, "read-only"],
    ["mine", prod, { "https://10.0.0.1": "read-only" }, "allow"],
    ["lab", "https://LAB:443/", { "*": "ask", lab: "allow" }, "ask"],
    ["prod", prod, { "*": "allow" }, "read-only"],
    ["x", "https://x", { "*": "allow" }, "allow"],
    ["x", "https://x", {}, undefined],
    ["x", undefined, { "*": "read-only" }, undefined],
    ["broken", undefined, {}, undefined],
  ];
  for (const [name, server, servers, expected] of table) {
    const found = effectivePolicy({ contexts, servers }, { name, server }, known);
    assert.equal(found, expected, `${name} ${server} ${JSON.stringify(servers)}`);
  }
  assert.equal(strictestPolicy({ contexts, servers: {} }), "read-only");
  assert.equal(strictestPolicy({ contexts: {}, servers: { a: "ask", b: "allow" } }), "ask");
  assert.equal(strictestPolicy({ contexts: {}, servers: {} }), undefined);
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
