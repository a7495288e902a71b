import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { fillFolder } from "../../session/carried.ts";
import { stateObject } from "../../session/state.ts";
import { sampleSession } from "../../session/testing/session.ts";
import type { SyncedSession } from "../../sync/daemon/model.ts";
import { reservedPrefix } from "../../sync/remote/loop.ts";
import { requireSession } from "./require_session.ts";

const session = sampleSession();
const target = { context: "c", namespace: session.namespace, pod: "p", container: "workspace" };
const restoredAt = "2026-01-15T14:30:00.000Z";

/** Checks a sync's session in a cluster that has this state of it, or answers with an error. */
function required(
  there: { uid: string; restoredAt?: string } | KodamaError,
  synced: Omit<SyncedSession, "name">,
): Promise<void> {
  const get = () => {
    if (there instanceof KodamaError) return Promise.reject(there);
    const { uid, ...changes } = there;
    const object = stateObject({ ...session, ...changes });
    return Promise.resolve({ ...object, metadata: { ...object.metadata, uid } });
  };
  const kube = () => Promise.resolve({ get } as unknown as KubeClient);
  const record = { session: { name: session.name, ...synced }, target };
  return requireSession(kube, record, new AbortController().signal);
}

Deno.test("`requireSession()` ends a sync whose session is another one, or was restored since it began", async () => {
  await required({ uid: "1" }, { uid: "1" });
  await required({ uid: "1", restoredAt }, { uid: "1", restoredAt });
  const name = `configmaps "kodama-session-${session.name}" not found`;
  const cases: [Parameters<typeof required>, RegExp][] = [
    [[{ uid: "2" }, { uid: "1" }], /another one of its name was started since$/],
    [[new KodamaError("notFound", name), { uid: "1" }], /was deleted$/],
    [[{ uid: "1", restoredAt }, { uid: "1" }], /files of session ".*" were replaced by those of a/],
    [
      [{ uid: "1", restoredAt }, { uid: "1", restoredAt: "2026-01-14T14:30:00.000Z" }],
      /a start of it that names the folder syncs again/,
    ],
  ];
  for (const [args, message] of cases) {
    await assert.rejects(required(...args), { name: "PurposeGoneError", message });
  }
  // A failed request proves nothing.
  await required(new KodamaError("forbidden", "no"), { uid: "1" });
});

Deno.test("files that a restore brings into a workspace have a name that no sync carries over", () => {
  assert.ok(fillFolder.startsWith(reservedPrefix));
});
