import assert from "node:assert/strict";
import { claims } from "./manifests/claims.ts";
import { snapshotClaims, snapshotPod } from "./manifests/snapshot_pod.ts";
import { isSnapshotName } from "./names.ts";
import { sampleSession } from "./testing/session.ts";
import {
  storedSnapshots,
  volumeParts,
  type VolumeSnapshot,
  volumeSnapshot,
} from "./volume_snapshot.ts";

type Status = VolumeSnapshot["status"];

function taken(name: string, statuses: readonly (Status | undefined)[]): VolumeSnapshot[] {
  return volumeParts.map((part, index) => {
    const status = statuses[index];
    const object = volumeSnapshot(sampleSession(), { name, part, className: undefined });
    const creationTimestamp = "2025-01-15T14:30:00Z";
    const metadata = { ...object.metadata, creationTimestamp };
    return { ...object, metadata, ...(status === undefined ? {} : { status }) };
  });
}

const ready: Status = {
  readyToUse: true,
  restoreSize: "12Gi",
  boundVolumeSnapshotContentName: "c",
  creationTime: "2025-01-15T14:31:00Z",
};

Deno.test("a snapshot is ready when the cluster says so of both volumes, and of nothing less", () => {
  const states = (...statuses: (Status | undefined)[]) =>
    storedSnapshots(taken("s", statuses)).map(({ state }) => state);
  assert.deepEqual(states(ready, ready), ["Ready"]);
  assert.deepEqual(states(ready, undefined), ["Pending"]);
  assert.deepEqual(states(ready, { ...ready, readyToUse: false }), ["Pending"]);
  const error = { message: "no default class" };
  assert.deepEqual(states(ready, { error }), ["Failed"]);
  const retried = { error, readyToUse: false, boundVolumeSnapshotContentName: "c" };
  assert.deepEqual(states(ready, retried), ["Pending"]);
});

Deno.test("no session is made from a snapshot with a part that is missing, is being deleted, or names no session", () => {
  const whole = taken("s", [ready, ready]);
  const state = (objects: readonly VolumeSnapshot[]) => storedSnapshots(objects)[0]?.state;
  assert.equal(state(whole.slice(1)), "Incomplete");
  assert.equal(state(whole.slice(0, 1)), "Incomplete");
  const change = (changes: Partial<VolumeSnapshot["metadata"]>) =>
    whole.map((one) => ({ ...one, metadata: { ...one.metadata, ...changes } }));
  assert.equal(state(change({ deletionTimestamp: "2025-01-15T15:00:00Z" })), "Incomplete");
  assert.equal(state(change({ annotations: {} })), "Incomplete");
  assert.equal(state(whole), "Ready");
});

Deno.test("snapshots are grouped by namespace and name, the newest first", () => {
  const late = { ...ready, creationTime: "2025-01-16T00:00:00Z" };
  const [foreign] = taken("other", [ready]);
  assert.ok(foreign);
  const { labels: _, ...bare } = foreign.metadata;
  const all = [...taken("a", [ready, ready]), ...taken("b", [late, late])];
  const kept = storedSnapshots([...all, { ...foreign, metadata: bare }]);
  assert.deepEqual(kept.map(({ name }) => name), ["b", "a"]);
  assert.equal(kept[0]?.session, "my-work");
});

Deno.test("`storedSnapshots()` orders those of one second by their names, a later default name first", () => {
  const names = ["before", "work-20250115143101", "work-20250115143100"];
  const orders = [names, names.toReversed()].map((order) =>
    storedSnapshots(order.flatMap((name) => taken(name, [ready, ready]))).map(({ name }) => name)
  );
  const sorted = ["work-20250115143101", "work-20250115143100", "before"];
  assert.deepEqual(orders, [sorted, sorted]);
});

Deno.test("what a server writes into a snapshot can't reach a terminal", () => {
  const error = { message: "no\u001b[2Jclass\n" };
  const [kept] = storedSnapshots(taken("s", [{ error }, ready]));
  assert.doesNotMatch(JSON.stringify(kept), /\\u001b|\\n/);
});

Deno.test("a claim of a snapshot asks for as much as the snapshot needs, and no less than the session has", () => {
  const sources = {
    workspace: { name: "w", size: "12Gi" },
    home: { name: "h", size: "500Mi" },
  };
  const made = claims(sampleSession(), sources);
  const asked = made.map(({ spec }) => [
    spec?.dataSource?.name,
    spec?.resources?.requests?.["storage"],
  ]);
  assert.deepEqual(asked, [["w", "12Gi"], ["h", "1Gi"]]);
  assert.equal(claims(sampleSession())[0]?.spec?.dataSource, undefined);
});

Deno.test("the pod that shows a snapshot has its volumes at the session's paths, and no secret of it", () => {
  const session = sampleSession();
  const sources = { workspace: { name: "w" }, home: { name: "h" } };
  const pod = snapshotPod(session, "passing");
  const names = snapshotClaims(session, sources).map(({ metadata }) => metadata?.name);
  const used = (pod.spec?.volumes ?? []).flatMap((one) =>
    one.persistentVolumeClaim?.claimName ?? []
  );
  assert.deepEqual(used, names);
  assert.deepEqual(names, [
    "kodama-restore-workspace-my-work",
    "kodama-restore-claude-home-my-work",
  ]);
  const { imagePullSecrets, ...spec } = pod.spec ?? {};
  assert.deepEqual(imagePullSecrets, [{ name: "registry" }]);
  assert.doesNotMatch(JSON.stringify(spec), /nvidia|builder|cache/);
  assert.doesNotMatch(JSON.stringify(spec), /secret|postgres|DATABASE_URL|"configMap"/i);
  assert.equal(pod.spec?.containers.length, 1);
});

Deno.test("nothing of a session begins in the pod that shows its snapshot, and its limits don't end it", () => {
  const session = sampleSession({ spec: { ...sampleSession().spec, limits: { ttlSeconds: 77 } } });
  const { spec } = snapshotPod(session, "own");
  assert.doesNotMatch(JSON.stringify(spec), /runner|77/);
  const used = (spec?.volumes ?? []).flatMap((one) => one.persistentVolumeClaim?.claimName ?? []);
  assert.deepEqual(used, ["kodama-workspace-my-work", "kodama-claude-home-my-work"]);
  const [look] = spec?.initContainers ?? [];
  assert.deepEqual(look?.volumeMounts?.map(({ subPath, readOnly }) => [subPath, readOnly]), [
    [undefined, true],
  ]);
  assert.equal(look?.securityContext?.runAsNonRoot, true);
  assert.equal(spec?.restartPolicy, "Never");
});

Deno.test("a word is a snapshot's name, or a path", () => {
  for (const name of ["a", "fix-auth-20260115143000", "a".repeat(63)]) {
    assert.ok(isSnapshotName(name));
  }
  for (const path of ["", "./a", "a.tar.gz", "/a", "A", "-a", "a-", "a".repeat(64)]) {
    assert.ok(!isSnapshotName(path), path);
  }
});
