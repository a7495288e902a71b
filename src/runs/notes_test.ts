import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { defaultedContainers } from "../exec/defaulted_containers.ts";
import { defaultedTexts, failedContextText, pickedText, skippedPodText } from "./notes.ts";

Deno.test("a context that can't be used is named once", () => {
  const said = (context: string, message: string) =>
    failedContextText({ context, error: new KodamaError("unreachable", message) });
  assert.equal(said("west", "no route"), "context west: no route");
  const whole = "cannot reach context west, https://w:6443: connection refused";
  assert.equal(said("west", whole), whole);
  assert.equal(said("we", whole), `context we: ${whole}`);
  const absent = 'no context "lab" in /home/me/.kube/config';
  assert.equal(said("lab", absent), absent);
  const long = "cannot reach context arn:aws:eks:1:cluster/x: no route";
  assert.equal(said("arn:aws:eks:1:cluster/x", long), long);
  assert.equal(said("arn", long), `context arn: ${long}`);
});

Deno.test("defaultedTexts() has a line for each choice of a container, with the most frequent first", () => {
  const target = (container: string, outOf?: readonly string[]) => ({
    ...{ context: "c", namespace: "n", pod: "p", container, node: "", ip: "" },
    ...outOf === undefined ? {} : { outOf },
  });
  const texts = (...targets: ReturnType<typeof target>[]) =>
    defaultedTexts({ choices: defaultedContainers(targets) });
  const main = target("main", ["main", "side"]);
  assert.deepEqual(texts(target("main")), []);
  assert.deepEqual(texts(main, target("x"), main), [
    'defaulted container "main" out of: main, side',
  ]);
  const others = ["a", "b", "c", "d"].map((name) => target(name, [name, "side"]));
  assert.deepEqual(texts(...others, main, main), [
    'defaulted container "main" out of: main, side (in 2 pods)',
    'defaulted container "a" out of: a, side (in 1 pod)',
    'defaulted container "b" out of: b, side (in 1 pod)',
    "defaulted other containers in 2 pods",
  ]);
});

Deno.test("skippedPodText() tells a missing pod from one that isn't ready", () => {
  const text = (reason: string) => skippedPodText({ pod: "a", reason });
  assert.equal(text("does not exist"), "not found: a");
  assert.equal(
    text("is Pending: 0/1 containers ready"),
    "not ready: a (Pending, 0/1 containers ready)",
  );
  assert.equal(text('has no container "x"'), 'skipped a: has no container "x"');
});

Deno.test("pickedText() names the pods as ranges, with what distinguishes them", () => {
  const pod = (context: string, namespace: string, pod: string) => ({ context, namespace, pod });
  assert.equal(pickedText([pod("c", "n", "w-0"), pod("c", "n", "w-1")]), "picked: w-[0-1]");
  assert.equal(pickedText([pod("c", "n", "w"), pod("d", "n", "w")]), "picked: c/w,d/w");
});
