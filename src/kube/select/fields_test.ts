import assert from "node:assert/strict";
import { readFields, readInput } from "../../operation/operation.ts";
import { isChosen, selectionFields, selectionOf } from "./fields.ts";

const chosen = (given: Record<string, unknown>) =>
  isChosen(selectionOf(readFields(selectionFields, given)).selection);

Deno.test("names, patterns, selectors and a node choose pods; a scope, a sample, an order and exclusions don't", () => {
  const choices: Record<string, unknown> = {
    ...{ pods: "web-0", match: "web", selector: "app=web", fieldSelector: "a=b", node: "n1" },
  };
  const others: Record<string, unknown> = {
    ...{ namespaces: "a", allNamespaces: true, exclude: "canary", container: "main" },
    ...{ sample: 1, sort: "age", shuffle: true, allPhases: true, contexts: "lab" },
  };
  const all = { ...choices, ...others };
  assert.deepEqual(Object.keys(all).sort(), Object.keys(selectionFields).sort());
  for (const [name, value] of Object.entries(all)) {
    assert.equal(chosen({ [name]: value }), Object.hasOwn(choices, name), name);
  }
  assert.equal(chosen({}), false);
});

Deno.test("an empty filter, as of an expression, doesn't choose", () => {
  const { selection } = selectionOf({});
  assert.equal(isChosen({ ...selection, labelSelector: " ", node: "" }), false);
});

Deno.test("fields that exclude each other are refused by the names of the front end", async () => {
  for (
    const given of [{ namespaces: ["a"], allNamespaces: true }, { sort: "age", shuffle: true }]
  ) {
    const [one, other] = Object.keys(given);
    const message = `"${one}" and "${other}" can't be used together`;
    await assert.rejects(readInput(selectionFields, given), { kind: "usage", message });
  }
  await readInput(selectionFields, { namespaces: ["a"], allNamespaces: false });
});
