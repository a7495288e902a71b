import assert from "node:assert/strict";
import { UsageError } from "../../base/errors.ts";
import { sampleSession } from "../../session/testing/session.ts";
import { changedSpec, changesOf } from "./set.ts";

const { spec } = sampleSession();
const common = { readyTimeoutMs: 1, signal: new AbortController().signal };

Deno.test("only what is named changes, and equal values change nothing", () => {
  const changed = changedSpec(spec, { ...common, cpu: "4", ttl: "never", image: spec.image });
  assert.deepEqual(changesOf(spec, changed), [
    { field: "cpu", from: "2", to: "4" },
    { field: "ttl", from: "8h", to: "never" },
  ]);
  assert.deepEqual(changed, {
    ...spec,
    resources: { cpu: "4", memory: "4Gi" },
    limits: { idleSeconds: 1800 },
  });
  assert.deepEqual(changesOf(spec, changedSpec(spec, { ...common, idleTimeout: 1800 })), []);
});

Deno.test("a change of nothing, or to no quantity, is refused", () => {
  assert.throws(() => changedSpec(spec, common), UsageError);
  assert.throws(() => changedSpec(spec, { ...common, memory: "much" }), /memory much: expected/);
});
