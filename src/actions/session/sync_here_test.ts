import assert from "node:assert/strict";
import { syncReport } from "../sync/testing/sync_report.ts";
import { isSyncOf, syncSummary } from "./sync_here.ts";

Deno.test("`syncSummary()` is active only while it carries something over, or waits for a session that runs", () => {
  const failed = [{ path: "a", side: "local", kind: "failed", detail: "No space left" }] as const;
  const held = [{ path: "up", kind: "held", detail: "link" }] as const;
  const all = [{ path: "", kind: "held", detail: "unread" }] as const;
  const reports = [
    undefined,
    syncReport({ phase: "watching", problems: all }),
    syncReport({ phase: "watching", problems: held }),
    syncReport({ phase: "waiting", reason: "the link broke" }),
    syncReport({ phase: "waiting", problems: failed }),
    syncReport({ phase: "halted", reason: "empty" }),
    syncReport({ phase: "paused", problems: failed }),
    { ...syncReport({ phase: "stopped" }), pid: null },
    { ...syncReport({ phase: "killed", reason: "its process was killed" }), pid: null },
  ];
  const of = (runs: boolean) => reports.map((report) => syncSummary(report, { runs }));
  assert.deepEqual(
    of(true).map(({ state: word, reason }) => reason ? `${word}: ${reason}` : word),
    [
      "Inactive",
      "Error: a listing broke off, or a folder can't be read",
      "Active",
      "Active",
      "Error: No space left",
      "Error: empty",
      "Inactive",
      "Inactive",
      "Error: its process was killed",
    ],
  );
  // For a session that is stopped or has failed.
  assert.deepEqual(new Set(of(false).map(({ state: word }) => word)), new Set(["Inactive"]));
  const conflicts = ["a.conflict-remote-20260115T143000Z"];
  assert.deepEqual(syncSummary(syncReport({ phase: "watching", conflicts }), { runs: true }), {
    state: "Active",
    localPath: "/home/me/site",
    conflicts: 1,
  });
});

Deno.test("a sync is of the session that it was begun for, and of none of that name elsewhere", () => {
  const owner = { namespace: "default", name: "work", context: "lab", uid: "u1" };
  const synced = syncReport({}, { session: { name: "work", uid: "u1" } });
  assert.equal(isSyncOf(synced, owner), true);
  assert.equal(isSyncOf(synced, { ...owner, context: "renamed" }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: "u2" }), false);
  // Of a missing state only the context is known.
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined, context: "other" }), false);
});
