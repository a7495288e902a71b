import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import { withFlags } from "../../gate/kubectl.ts";
import { withoutOwnFlags } from "./guard.ts";
import { objectDiff } from "./preview.ts";
import { objectsIn } from "./objects.ts";

const object = (kind: string, fields: Record<string, unknown>): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "x", namespace: "n" },
  ...fields,
});

async function diffText(before: KubeObject, after: KubeObject): Promise<string[]> {
  const signs = { same: " ", added: "+", removed: "-", gap: "…" };
  return (await objectDiff(before, after)).map(({ kind, text }) => `${signs[kind]}${text}`);
}

Deno.test("objectDiff() shows what changes, and nothing that the server writes", async () => {
  const before = object("ConfigMap", { data: { a: "1" }, status: { x: 1 } });
  before.metadata = {
    ...before.metadata,
    resourceVersion: "1",
    uid: "u",
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
  };
  const after = object("ConfigMap", { data: { a: "2" }, status: { x: 2 } });
  assert.deepEqual(await diffText(before, object("ConfigMap", { data: { a: "1" } })), []);
  assert.deepEqual(
    (await diffText(before, after)).filter((line) => !line.startsWith(" ")),
    ['-  a: "1"', '+  a: "2"'],
  );
});

Deno.test("objectDiff() shows which values of a Secret change, and none of them", async () => {
  const before = object("Secret", { data: { same: "c2FtZQ==", token: "b2xk", gone: "eA==" } });
  const after = object("Secret", { data: { same: "c2FtZQ==", token: "bmV3", new: "eQ==" } });
  const lines = (await diffText(before, after)).filter((line) => /^[-+]/.test(line));
  assert.deepEqual(lines, [
    '-  gone: "***"',
    '+  new: "***"',
    '-  token: "*** (before)"',
    '+  token: "*** (after)"',
  ]);
  assert.doesNotMatch(
    JSON.stringify(await objectDiff(before, after)),
    /c2FtZQ|b2xk|bmV3|eA==|eQ==/,
  );
});

Deno.test("objectsIn() finds the objects of several documents and of lists", async () => {
  const text = [
    "# a comment\n",
    "kind: ConfigMap\nmetadata: {name: a, namespace: n}\n",
    '{"kind": "Deployment", "metadata": {"name": "web"}}\n',
    "kind: List\nitems: [{kind: Secret, metadata: {generateName: s-}}]\n",
  ].join("---\n");
  assert.deepEqual(await objectsIn(text), [
    { kind: "ConfigMap", name: "a", namespace: "n" },
    { kind: "Deployment", name: "web" },
    { kind: "Secret", name: "s-" },
  ]);
  assert.deepEqual(await objectsIn(""), []);
  for (const unknown of ["a: [", "just text", "kind: [a]", "kind: List\nitems: [1]"]) {
    assert.equal(await objectsIn(unknown), undefined, unknown);
  }
  const level = (at: number) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(9)}]\n`;
  const bomb = `kind: x\na0: &a0 [1]\n${[1, 2, 3, 4, 5, 6, 7, 8].map(level).join("")}`;
  assert.equal(await objectsIn(bomb), undefined);
});

Deno.test("withoutOwnFlags() removes kodama's flags, except what a plugin or another flag gets", () => {
  const own = { "--yes": "switch", "--budget": "value" } as const;
  const table: [line: string, args: string, found: string][] = [
    ["--yes delete pod x", "delete pod x", "--yes"],
    ["delete pod x --yes", "delete pod x", "--yes"],
    ["-n web --budget 20 get pods", "-n web get pods", "--budget=20"],
    ["get pods --budget=20 -o yaml", "get pods -o yaml", "--budget=20"],
    ["get -l --yes pods", "get -l --yes pods", ""],
    ["exec x -- rm --yes", "exec x -- rm --yes", ""],
    ["--yes neat --yes", "neat --yes", "--yes"],
    ["neat --budget 3", "neat --budget 3", ""],
  ];
  for (const [line, args, found] of table) {
    const result = withoutOwnFlags(line.split(" "), own);
    assert.equal(result.args.join(" "), args, line);
    const flags = result.found.map(({ name, value }) =>
      value === undefined ? name : `${name}=${value}`
    );
    assert.equal(flags.join(" "), found, line);
  }
});

Deno.test("withFlags() puts flags after all others, and before --", () => {
  const added = (line: string) => withFlags(line.split(" "), ["--dry-run=server"]).join(" ");
  assert.equal(
    added("delete pod x --dry-run=none"),
    "delete pod x --dry-run=none --dry-run=server",
  );
  assert.equal(added("run x --image=y -- a -- b"), "run x --image=y --dry-run=server -- a -- b");
});
