import assert from "node:assert/strict";
import { KodamaError, UsageError } from "../../../src/base/errors.ts";
import { loadWorld, parseWorldChoice, readManifests, resolvedWorld, worldNames } from "./world.ts";

const folder = decodeURIComponent(new URL(".", import.meta.url).pathname);

const choices: [string, { source: string; sizes: Record<string, number> }][] = [
  ["weka", { source: "weka", sizes: {} }],
  ["weka:drives=50", { source: "weka", sizes: { drives: 50 } }],
  ["weka:drives=0,clients=7", { source: "weka", sizes: { drives: 0, clients: 7 } }],
  ["./lab.yaml", { source: "./lab.yaml", sizes: {} }],
  ["/a:b/lab.yaml:drives=3", { source: "/a:b/lab.yaml", sizes: { drives: 3 } }],
];

for (const [text, choice] of choices) {
  Deno.test(`the world ${text} is read`, () => {
    assert.deepEqual(parseWorldChoice(text), choice);
  });
}

Deno.test("a resolved world is the same in every folder", () => {
  const settled = ["weka:drives=5", "./lab.yaml", "../lab.yaml:drives=5", "/lab.yaml"]
    .map((text) => resolvedWorld(text, "/home/a"));
  assert.deepEqual(settled, [
    "weka:drives=5",
    "/home/a/lab.yaml",
    "/home/a/../lab.yaml:drives=5",
    "/lab.yaml",
  ]);
});

const refusals: [string, RegExp][] = [
  ["", /^the world has no name$/],
  ["weca", /^there is no world "weca"$/],
  ["weka:drives", /^"drives" is not a size of a world/],
  ["weka:drives=-1", /^"drives=-1" is not a size/],
  ["weka:drives=1001", /a number up to 1000/],
];

for (const [text, message] of refusals) {
  Deno.test(`the world "${text}" is refused`, () => {
    assert.throws(() => parseWorldChoice(text), (error) => {
      assert.ok(error instanceof UsageError && error.hint !== undefined);
      assert.match(error.message, message);
      return true;
    });
  });
}

for (const name of worldNames) {
  Deno.test(`the shipped world ${name} is manifests, each in a namespace that it makes or that is there`, async () => {
    const objects = await loadWorld(parseWorldChoice(name), folder);
    const namespaces = new Set(["default"]);
    for (const { kind, metadata } of objects) {
      if (kind === "Namespace") namespaces.add(metadata.name ?? "");
      else if (metadata.namespace) {
        assert.ok(namespaces.has(metadata.namespace), metadata.name ?? "");
      }
    }
  });
}

Deno.test("a size sets the replicas of the workloads that carry its name, and no others", async () => {
  const objects = await loadWorld(parseWorldChoice("weka:drives=300"), folder);
  const replicas = Object.fromEntries(
    objects.filter(({ kind }) => kind === "StatefulSet")
      .map(({ metadata, spec }) => [metadata.name, (spec as { replicas: number }).replicas]),
  );
  assert.deepEqual(replicas, {
    "weka-drive": 300,
    "weka-drive-held": 1,
    "weka-drive-new": 1,
    "weka-compute": 2,
  });
});

Deno.test("a size that a world doesn't have is refused with those that it has", async () => {
  await assert.rejects(loadWorld(parseWorldChoice("weka:drive=1"), folder), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'the world weka has no size "drive"');
    assert.equal(error.hint, "its sizes: clients, computes, drives");
    return true;
  });
});

Deno.test("a text that isn't YAML, or isn't manifests, is refused with its location", () => {
  assert.throws(() => readManifests("a: [", "x.yaml"), (error) => {
    assert.ok(error instanceof KodamaError && error.kind === "config");
    assert.match(error.message, /^x\.yaml: .*line 1/s);
    return true;
  });
  assert.throws(() => readManifests("kind: Pod\n", "x.yaml"), /isn't a manifest/);
  assert.deepEqual(readManifests("# nothing\n---\n", "x.yaml"), []);
});
