import assert from "node:assert/strict";
import { syncReport } from "../sync/testing/sync_report.ts";
import { isSyncOf, syncWord } from "./sync_here.ts";

Deno.test("a list says Active of no sync that can't carry something over", () => {
  const failed = [{ path: "a", side: "local", kind: "failed", detail: "No space left" }] as const;
  const held = [{ path: "up", kind: "held", detail: "link" }] as const;
  const words = [
    undefined,
    syncReport({ phase: "watching", problems: held }),
    syncReport({ phase: "waiting", reason: "the link broke" }),
    syncReport({ phase: "waiting", problems: failed }),
    syncReport({ phase: "halted" }),
    syncReport({ phase: "paused", problems: failed }),
    { ...syncReport({ phase: "watching" }), pid: null },
  ].map(syncWord);
  assert.deepEqual(words, [
    "Inactive",
    "Active",
    "Active",
    "Error",
    "Error",
    "Inactive",
    "Inactive",
  ]);
});

Deno.test("a sync is of the session that it was begun for, and of none of that name elsewhere", () => {
  const owner = { namespace: "default", name: "work", context: "lab", uid: "u1" };
  const synced = syncReport({}, { session: { name: "work", uid: "u1" } });
  assert.equal(isSyncOf(synced, owner), true);
  assert.equal(isSyncOf(synced, { ...owner, context: "renamed" }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: "u2" }), false);
  // Of a state that is gone only the context is known.
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined, context: "other" }), false);
});
