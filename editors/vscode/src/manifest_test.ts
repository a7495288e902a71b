/** The pods that a YAML document in an editor means. */
import assert from "node:assert/strict";
import { matchAt } from "./manifest.ts";

const several = `# Of one application
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { selector: { matchLabels: { app: other } } }
---
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
    tier: front
---
kind: ConfigMap
metadata: { name: web }
---
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  selector:
    matchLabels: { app: web }
    matchExpressions:
      - { key: tier, operator: In, values: [front, back] }
      - { key: old, operator: DoesNotExist }
---
kind: Deployment
metadata: { name: {{ .Values.name }} }
---
kind: Pod
metadata: [
`;

const cases: [cursor: string, args: string[] | RegExp][] = [
  ["# Of one", ["-n", "shop", "deploy/web"]],
  ["matchLabels: { app: other", ["-n", "shop", "deploy/web"]],
  ["tier: front", ["-l", "app=web,tier=front"]],
  ["ConfigMap", /a ConfigMap has no spec\.selector/],
  ["DoesNotExist", ["-n", "shop", "-l", "app=web,tier in (front,back),!old"]],
  ["{{", /a template, not YAML: open what `helm template`/],
  ["metadata: [", /it isn't YAML: /],
];

for (const [cursor, expected] of cases) {
  Deno.test(`the document at "${cursor}" selects ${expected}`, () => {
    const match = matchAt(several, several.indexOf(cursor));
    if (expected instanceof RegExp) {
      assert.equal(match.kind, "none");
      assert.match(match.kind === "none" ? match.reason : "", expected);
    } else assert.deepEqual(match.kind === "match" ? match.args : match.reason, expected);
  });
}

Deno.test("a document without a kind, a name or any content has no pods", () => {
  for (const text of ["", "a: 1", "kind: Pod", "- 1", "kind: 7\nmetadata: { name: x }"]) {
    assert.equal(matchAt(text, 0).kind, "none", text);
  }
});

Deno.test("a document that would fill the memory is refused", () => {
  const lines = ["kind: Service", "metadata: { name: x }", "a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 12; at++) {
    lines.push(`a${at}: &a${at} [${Array(9).fill(`*a${at - 1}`).join(", ")}]`);
  }
  const match = matchAt(lines.join("\n"), 0);
  assert.match(match.kind === "none" ? match.reason : "", /alias/);
});
