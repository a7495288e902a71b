import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../base/json_value.ts";
import { Budget } from "./budget.ts";
import { parsePath, valuesAt } from "./json_path.ts";

const pod = {
  metadata: {
    name: "x",
    annotations: { "deployment.kubernetes.io/revision": "2", "a/b": "c", "9k": "v" },
  },
  spec: {
    seconds: 30,
    containers: [
      { name: "main", image: "busybox:1", ports: [{ port: 80 }, { port: 443 }] },
      { name: "side", image: "side:2" },
    ],
  },
  status: {
    phase: "Running",
    conditions: [
      { type: "Ready", status: "True", since: 2 },
      { type: "Paused", status: "False", isNew: true },
    ],
  },
};

function valuesOf(path: string): readonly JsonValue[] | string {
  const read = parsePath(path);
  return "wrongAt" in read ? `wrong at ${read.wrongAt}` : valuesAt(pod, read.links, new Budget());
}

/** Checked against the values of `kubectl label --local -o jsonpath=`. */
const paths: readonly (readonly [path: string, ...values: JsonValue[]])[] = [
  [".status.phase", "Running"],
  ["$.status.phase", "Running"],
  ["@.status.phase", "Running"],
  ["status.phase", "Running"],
  [".status.conditions[0].type", "Ready"],
  [".status.conditions[-1].type", "Paused"],
  [".status.conditions[*].type", "Ready", "Paused"],
  [".status.conditions.*.type", "Ready", "Paused"],
  ['.status.conditions[?(@.type=="Ready")].status', "True"],
  [".status.conditions[?(@.type=='Ready')].status", "True"],
  ['.status.conditions[?( @.type == "Ready" )].status', "True"],
  ['.status.conditions[?(@.type!="Ready")].type', "Paused"],
  ['.status.conditions[?(@.reason=="x")].type'],
  ['.status.conditions[?(@.reason!="x")].type'],
  [".status.conditions[?(@.since)].type", "Ready"],
  [".status.conditions[?(@.nosuch)].type"],
  [".status.conditions[?(@.isNew==true)].type", "Paused"],
  [".status.conditions[?(@.since>1)].type", "Ready"],
  [".status.conditions[?(@.since>2)].type"],
  [".status.conditions[?(@.since>=2)].type", "Ready"],
  [".status.conditions[?(@.since<2.5)].type", "Ready"],
  [".status.conditions[?(@.since<=1)].type"],
  ['.status.conditions[?(@.since=="2")].type'],
  ['.spec.containers[?(@.name=="main")].ports[?(@.port==443)].port', 443],
  [".spec.containers[*].ports[?(@.port>80)].port", 443],
  [".spec.containers[?(@.ports[0].port==80)].name", "main"],
  [".spec.containers[?(@.ports[?(@.port==80)].port==80)].name", "main"],
  ['.spec.containers[?(@.image=="busybox:1")].name', "main"],
  ['.spec.containers[?(@.name=="ma)in")].name'],
  ['.spec.containers[?("side"==@.name)].name', "side"],
  [String.raw`.metadata.annotations.deployment\.kubernetes\.io/revision`, "2"],
  [String.raw`.metadata.annotations['deployment\.kubernetes\.io/revision']`, "2"],
  [`.metadata.annotations["deployment.kubernetes.io/revision"]`, "2"],
  [".metadata.annotations.a/b", "c"],
  [String.raw`.metadata.annotations.a\/b`, "c"],
  [".metadata.annotations.9k", "v"],
  [".metadata['name']", "x"],
  [".spec.containers[0:1].name", "main"],
  [".spec.containers[1:].name", "side"],
  [".spec.containers[:1].name", "main"],
  [".spec.containers[0:2:2].name", "main"],
  [".spec.containers[0, 1].name", "main", "side"],
  [".metadata['name','nosuch']", "x"],
  ["..image", "busybox:1", "side:2"],
  [".spec..name", "main", "side"],
  ["..containers[0].name", "main"],
  ["..[?(@.port==80)].port", 80],
  [".metadata.name.x"],
  [".nosuch"],
  [".spec.containers[9].name"],
  [".spec[?(@.name)]"],
];

Deno.test("`valuesAt()` returns what kubectl's JSONPath leads to", () => {
  for (const [path, ...values] of paths) assert.deepEqual(valuesOf(path), values, path);
});

Deno.test("`parsePath()` refuses what isn't a path, from its first wrong character on", () => {
  const wrong: readonly (readonly [string, number])[] = [
    ["a[", 1],
    ["a[}", 2],
    ["a b", 1],
    ["a..", 2],
    ["a...b", 2],
    ["a[]", 2],
    ["{.a}", 0],
    ["a[?(@.b==c)]", 9],
    ['a[?(@.b=="c")', 12],
    ['a[?(@.b=="c"]', 12],
    ["a[0:1:0]", 7],
    ["a".repeat(3) + ".b".repeat(64), 3 + 2 * 63],
    [`${"a[?(@.".repeat(5)}b${")]".repeat(5)}`, 28],
  ];
  for (const [path, at] of wrong) assert.equal(valuesOf(path), `wrong at ${at}`, path);
});

Deno.test("`parsePath()` ends for any text, with links or the offset of a character", () => {
  const part = fc.constantFrom(..."a.[]()?@$*:,'\"\\=!<> 1-{}".split(""), "..", "[?(", ")]", "==");
  fc.assert(fc.property(fc.array(part, { maxLength: 30, size: "max" }), (parts) => {
    const path = parts.join("");
    const read = parsePath(path);
    if ("wrongAt" in read) assert.ok(read.wrongAt >= 0 && read.wrongAt <= path.length);
    else valuesAt(pod, read.links, new Budget());
  }));
});

Deno.test("a path has a budget, also below everything and in filters", () => {
  const deep = parsePath("..*..*..*..*..*[?(@..a)]");
  assert.ok("links" in deep);
  const nested = JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) as JsonValue;
  assert.throws(() => valuesAt(nested, deep.links, new Budget()), /steps/);
});
