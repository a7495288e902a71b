import assert from "node:assert/strict";
import { parse } from "yaml";
import type { ConfigMap } from "../kube/types.ts";
import { ownedBy, sessionText, stateKey, stateObject, storedSession } from "./state.ts";
import { sampleSession } from "./testing/session.ts";

function stored(object: ConfigMap): ConfigMap {
  return { ...object, metadata: { ...object.metadata, uid: "u-1", resourceVersion: "7" } };
}

Deno.test("a session comes back from its object as it went in", () => {
  const whole = sampleSession();
  const { repository: _repository, owner: _owner, template: _template, ...bare } = whole;
  const { egress: _egress, gitSecret: _gitSecret, ...spec } = whole.spec;
  const restored = { ...whole, restoredAt: "2026-01-15T14:30:00.000Z" };
  for (const session of [whole, restored, { ...bare, spec, sync: { enabled: false } }]) {
    const kept = storedSession(stored(stateObject(session)));
    assert.deepEqual(kept, { session, uid: "u-1", resourceVersion: "7" });
    // By both a write is refused if another's came before it, even of another object of the same name.
    const { uid, resourceVersion } = stateObject(session, kept).metadata ?? {};
    assert.deepEqual([uid, resourceVersion], ["u-1", "7"]);
  }
});

Deno.test("the document has the fields that people know", () => {
  const document = parse(sessionText(sampleSession()));
  assert.deepEqual(Object.keys(document).slice(0, 12), [
    ...["name", "namespace", "owner", "repo", "branch", "baseBranch", "autoBranch"],
    ...["podName", "workspacePVC", "claudeHomePVC", "commitHash", "sync"],
  ]);
  assert.equal(document.podName, "kodama-my-work");
});

Deno.test("`storedSession()` reports a wrong field, another's name, invalid YAML, a missing document", () => {
  const good = stored(stateObject(sampleSession()));
  const text = good.data?.[stateKey] ?? "";
  const wrong: [string | undefined, RegExp][] = [
    [undefined, /it has no session.yaml/],
    ["a: [", /isn't YAML/],
    ["- 1", /name: /],
    [text.replace("status: Running", "status: Flying"), /status: /],
    [text.replace("name: my-work", "name: other"), /it names "other"/],
    ["a: &a 1\nb: *a", /isn't YAML/],
  ];
  for (const [data, message] of wrong) {
    const object = { ...good, data: data === undefined ? {} : { [stateKey]: data } };
    assert.throws(() => storedSession(object), (error: Error) => {
      assert.match(
        error.message,
        /^configmap "kodama-session-my-work" in namespace "dev" contains no/,
      );
      return message.test(error.message);
    });
  }
});

Deno.test("what goes with a session names the very state that it goes with", () => {
  const kept = storedSession(stored(stateObject(sampleSession())));
  const { metadata } = ownedBy(kept, { metadata: { name: "kodama-my-work" } });
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "kodama-session-my-work", uid: "u-1" };
  assert.deepEqual(metadata, { name: "kodama-my-work", ownerReferences: [owner] });
});
