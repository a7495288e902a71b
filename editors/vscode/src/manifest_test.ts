/** The pods that a YAML document in an editor means. */
import assert from "node:assert/strict";
import { matchAt } from "./manifest.ts";

const several = `# Of one application
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { selector: { matchLabels: { app: other } } }
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
    tier: front
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
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
  ["ConfigMap", /no pods are known of a ConfigMap/],
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

Deno.test("the group of a kind decides, as some are named as Kubernetes' own", () => {
  const of = (apiVersion: string, kind: string, spec = "") =>
    matchAt(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: db }\n${spec}`, 0);
  const own: [string, string, string][] = [
    ["v1", "Pod", "pod/db"],
    ["apps/v1", "StatefulSet", "sts/db"],
    ["batch/v1", "Job", "job/db"],
    ["batch/v1", "CronJob", "cj/db"],
  ];
  for (const [apiVersion, kind, operand] of own) {
    assert.deepEqual(of(apiVersion, kind), { kind: "match", title: `${kind} db`, args: [operand] });
  }
  const spec = "spec: { selector: { matchLabels: { app: db } }";
  assert.deepEqual(of("apps.kruise.io/v1beta1", "StatefulSet", `${spec}, template: {} }`), {
    kind: "match",
    title: "StatefulSet db",
    args: ["-l", "app=db"],
  });
  const refused: [string, string, string][] = [
    ["batch.volcano.sh/v1alpha1", "Job", ""],
    ["apps.kruise.io/v1beta1", "StatefulSet", ""],
    // It selects volumes.
    ["v1", "PersistentVolumeClaim", `${spec} }`],
    ["monitoring.coreos.com/v1", "ServiceMonitor", `${spec} }`],
  ];
  for (const [apiVersion, kind, more] of refused) {
    const match = of(apiVersion, kind, more);
    assert.equal(match.kind, "none", kind);
    assert.match(match.kind === "none" ? match.reason : "", /^no pods are known of a /);
  }
});

Deno.test("values that the API server refuses are named, and merge keys are merged", () => {
  const service = (selector: string, more = "") =>
    matchAt(
      `apiVersion: v1\nkind: Service\nx: &labels { app: web }\nmetadata: { name: web }\n` +
        `spec: { selector: ${selector} }\n${more}`,
      0,
    );
  assert.deepEqual(service("{ <<: *labels }"), {
    kind: "match",
    title: "Service web",
    args: ["-l", "app=web"],
  });
  const cases: [Match: ReturnType<typeof matchAt>, reason: RegExp][] = [
    [service("{ app: }"), /spec\.selector\.app is missing/],
    [service("{ version: 1.10 }"), /spec\.selector\.version isn't a text: 1\.1 needs quotes/],
    [service("{ app: web }", "metadata: { name: other }"), /keys must be unique/],
    [service('{ app: "" }'), /"-l","app="/],
    [service("{}"), /is empty/],
    [matchAt("apiVersion: v1\nkind: Pod\nmetadata: { name: 7 }", 0), /metadata\.name isn't a text/],
    [
      matchAt("apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: 7 }", 0),
      /metadata\.namespace isn't a text/,
    ],
    [
      matchAt(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: a }\n" +
          "spec: { selector: { matchExpressions: [{ key: a, operator: in, values: [b] }] } }",
        0,
      ),
      /"in" is no operator/,
    ],
  ];
  for (const [match, reason] of cases) {
    assert.match(match.kind === "none" ? match.reason : JSON.stringify(match), reason);
  }
});

Deno.test("a document without a kind, a name or any content has no pods", () => {
  for (const text of ["", "a: 1", "kind: Pod", "- 1", "kind: 7\nmetadata: { name: x }"]) {
    assert.equal(matchAt(text, 0).kind, "none", text);
  }
});

Deno.test("a document that would fill the memory is refused", () => {
  const lines = [
    "apiVersion: v1",
    "kind: Service",
    "metadata: { name: x }",
    "a0: &a0 [x, x, x, x, x, x, x, x, x]",
  ];
  for (let at = 1; at < 12; at++) {
    lines.push(`a${at}: &a${at} [${Array(9).fill(`*a${at - 1}`).join(", ")}]`);
  }
  const match = matchAt(lines.join("\n"), 0);
  assert.match(match.kind === "none" ? match.reason : "", /alias/);
});
