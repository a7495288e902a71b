import assert from "node:assert/strict";
import fc from "fast-check";
import { changedFields, maxFieldChanges } from "./changed_fields.ts";
import { maskChange, maskFields } from "./mask_secret.ts";
import { PODS, SECRETS } from "../../kube/resources.ts";

Deno.test("`changedFields()` names what differs, in lists by what identifies an item", () => {
  const before = {
    metadata: { name: "web", resourceVersion: "1", labels: { "app.kubernetes.io/name": "web" } },
    status: {
      phase: "Pending",
      conditions: [{ type: "Ready", status: "False" }, { type: "PodScheduled", status: "True" }],
      hostIPs: ["10.0.0.1"],
    },
  };
  const after = {
    metadata: { name: "web", resourceVersion: "2", labels: { "app.kubernetes.io/name": "api" } },
    status: {
      phase: "Running",
      conditions: [
        { type: "Initialized", status: "True" },
        { type: "PodScheduled", status: "True" },
        { type: "Ready", status: "True" },
      ],
      hostIPs: ["10.0.0.2", "10.0.0.3"],
    },
  };
  assert.deepEqual(changedFields(before, after), [
    { path: `metadata.labels["app.kubernetes.io/name"]`, before: "web", after: "api" },
    { path: "status.phase", before: "Pending", after: "Running" },
    {
      path: "status.conditions[type=Initialized]",
      after: { type: "Initialized", status: "True" },
    },
    { path: "status.conditions[type=Ready].status", before: "False", after: "True" },
    { path: "status.hostIPs[0]", before: "10.0.0.1", after: "10.0.0.2" },
    { path: "status.hostIPs[1]", after: "10.0.0.3" },
  ]);
});

Deno.test("`changedFields()` finds nothing in equal values, and something in others", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
    assert.deepEqual(changedFields(one, structuredClone(one)), []);
    const isSame = JSON.stringify(sortedKeys(one)) === JSON.stringify(sortedKeys(other));
    if (!isSame) assert.notDeepEqual(changedFields(one, other), []);
  }));
});

/** Items that have a key may change their order without a change. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]): [string, unknown] => [name, sortedKeys(one)])
      .toSorted(([one], [other]) => one < other ? -1 : one > other ? 1 : 0),
  );
}

Deno.test("`changedFields()` is bounded, whatever a server sends", () => {
  const many = (value: number) =>
    Object.fromEntries(Array(1000).keys().map((at) => [`f${at}`, value]));
  assert.equal(changedFields(many(1), many(2)).length, maxFieldChanges);
  const deep = (value: string) => JSON.parse(`${'{"a":'.repeat(2000)}${value}${"}".repeat(2000)}`);
  assert.equal(changedFields(deep("1"), deep("2")).length, 1);
  assert.deepEqual(changedFields({}, { constructor: 1 }), [{ path: "constructor", after: 1 }]);
});

Deno.test("no value of a Secret is yielded, by its fields or by a change", () => {
  const secret = {
    metadata: {
      name: "s",
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": '{"data":"aHVudGVyMg=="}',
      },
    },
    data: { password: "aHVudGVyMg==" },
    stringData: { token: "hunter2" },
  };
  const changes = changedFields({ metadata: {} }, secret).map((one) => maskChange(SECRETS, one));
  const text = JSON.stringify([maskFields(SECRETS, secret), changes]);
  assert.doesNotMatch(text, /hunter2|aHVudGVy/);
  assert.match(text, /"password":"\*\*\*"/);
  assert.deepEqual(changes.map(({ path }) => path), [
    "metadata.name",
    "metadata.annotations",
    "data",
    "stringData",
  ]);
  assert.equal(maskFields(PODS, secret), secret);
});
