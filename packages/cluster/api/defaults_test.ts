import assert from "node:assert/strict";
import type { KubeObject } from "../../../src/kube/types.ts";
import { apiVersionOf, resourceTypes } from "../resources.ts";
import { applyDefaults } from "./defaults.ts";
import { decodeObject } from "./decode.ts";

const recorded = JSON.parse(
  await Deno.readTextFile(new URL("../../../tests/wire/dry_run/expected.json", import.meta.url)),
) as Record<string, KubeObject>;

for (const [name, object] of Object.entries(recorded)) {
  Deno.test(`an object of a real server is complete, and fits its schema: ${name}`, () => {
    const type = resourceTypes.find((each) =>
      each.kind === object.kind && apiVersionOf(each) === object.apiVersion
    );
    assert.ok(type);
    const defaulted = structuredClone(object);
    applyDefaults(type, defaulted);
    assert.deepEqual(defaulted, object);
    const { metadata: { name } } = object;
    const sent = { ...object, metadata: { name } };
    const decoded = decodeObject(type, sent, new URLSearchParams("fieldValidation=Strict"));
    assert.deepEqual(decoded.warnings, []);
  });
}
