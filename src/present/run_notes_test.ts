import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { failedContextText, pickedText } from "./run_notes.ts";

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

Deno.test("pickedText() names the pods as ranges, with what distinguishes them", () => {
  const pod = (context: string, namespace: string, pod: string) => ({ context, namespace, pod });
  assert.equal(pickedText([pod("c", "n", "w-0"), pod("c", "n", "w-1")]), "picked: w-[0-1]");
  assert.equal(pickedText([pod("c", "n", "w"), pod("d", "n", "w")]), "picked: c/w,d/w");
});
