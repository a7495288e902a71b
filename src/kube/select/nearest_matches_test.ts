import assert from "node:assert/strict";
import { nearestLabels, nearestMatches } from "./nearest_matches.ts";
import { selectionText } from "./find_targets.ts";

const names = ["weka-drive-0", "weka-drive-1", "weka-compute-0", "operator-6d9f-x2"];
const text = (pattern: string) => ({ kind: "substring" as const, text: pattern });

const cases: [string, string | undefined, string[]][] = [
  ["drvie", "drive", ["weka-drive-0", "weka-drive-1"]],
  ["weka_drive", "weka-drive", ["weka-drive-0", "weka-drive-1"]],
  ["weka-drive-7", "weka-drive-0", ["weka-drive-0"]],
  ["Compute", "compute", ["weka-compute-0"]],
  ["oprator", "operator", ["operator-6d9f-x2"]],
  ["postgres", undefined, []],
];

for (const [wanted, near, where] of cases) {
  Deno.test(`near to ${wanted} is ${near ?? "nothing"}`, async () => {
    const found = await nearestMatches([text(wanted)], names);
    assert.deepEqual(found, near === undefined ? [] : [{ text: near, names: where }]);
  });
}

Deno.test("a pattern that matches, and a regular expression, need no help", async () => {
  const patterns = [text("drive"), { kind: "regExp" as const, regExp: /drvie/ }, text("drvie")];
  assert.deepEqual((await nearestMatches(patterns, names)).map((each) => each.text), ["drive"]);
  assert.deepEqual(await nearestMatches([text("drvie")], []), []);
});

Deno.test("`nearestLabels()` returns the value or the key that was meant, and nothing wider", async () => {
  const pods = ["web", "web", "db"].map((app, at) => ({
    metadata: { name: `${app}-${at}`, labels: { app, tier: "x" } },
  }));
  const near = async (selector: string) =>
    (await nearestLabels(selector, pods)).map(({ text, names }) => `${text}: ${names.join(" ")}`);
  assert.deepEqual(await near("app=wbe"), ["label app=web: web-0 web-1"]);
  assert.deepEqual(await near("ap=db"), ["label app=db: db-2"]);
  assert.deepEqual(await near("app=wbe,tier=x"), ["label app=web: web-0 web-1"]);
  for (const none of ["app=cache", "app!=web", "zone", "app in (wbe)", "app=web"]) {
    assert.deepEqual(await near(none), [], none);
  }
});

Deno.test("`selectionWords()` names each part of a selection", () => {
  const words = selectionText({
    namespaces: { kind: "default" },
    operands: [{ kind: "pod", name: "web-0" }, {
      kind: "workload",
      plural: "deployments",
      name: "w",
    }],
    match: [text("drive"), { kind: "regExp", regExp: /^a$/ }],
    exclude: [text("old")],
    labelSelector: "app=web",
    sort: "name",
    shuffle: false,
    allPhases: false,
  });
  assert.equal(words, 'web-0, deployments/w, "drive", /^a$/, not "old", label app=web');
});
