/** Syncs -> their output. */
import assert from "node:assert/strict";
import { syncReport } from "../actions/sync/testing/sync_report.ts";
import type { SyncReport } from "../actions/sync/syncs.ts";
import { mergeLine, syncData, syncLines, syncTable } from "./sync_text.ts";

const nowMs = Date.UTC(2026, 0, 1);

const seen = {
  sinceMs: nowMs - 5000,
  alikeSinceMs: nowMs - 90_000,
  entries: { local: 1, remote: 2 },
  watched: { local: "inotify", remote: "perl" },
};

Deno.test("a sync in a table, and all there is to say of one", () => {
  assert.deepEqual(syncTable([syncReport(seen)], nowMs), [
    "NAME         STATE     MODE           HERE            IN THE POD   CONFLICTS",
    "team.web-0   in sync   two-way-safe   /home/me/site   web-0:/w     0",
  ]);
  const lines = syncLines(
    syncReport({
      ...seen,
      phase: "waiting",
      reason: "the link broke",
      conflicts: ["a.conflict-remote-20260101T000000Z"],
      problems: [
        { path: "out\nside", kind: "held", detail: "link" },
        { path: "x", side: "remote", kind: "failed", detail: "Permission denied" },
      ],
      problemCount: 2,
      history: [{ atMs: nowMs - 2000, side: "local", what: "added", path: "b\u001b[2J" }],
    }),
    { nowMs, listConflicts: (key) => `kodama sync conflicts ${key}` },
  );
  assert.deepEqual(lines, [
    "team.web-0: waiting (the link broke)",
    "  here        /home/me/site",
    "  in the pod  team/web-0:/w (container main, context lab)",
    "  mode        two-way-safe",
    "  contents    1 entry here, 2 in the pod",
    "  in sync     1m30s ago",
    "  process     42",
    "  watched by  inotify here, perl in the pod",
    "  conflicts   1 file saved beside: kodama sync conflicts team.web-0",
    "",
    "Not synchronised (2):",
    "  out\\nside: held (link)",
    "  x: failed in the pod (Permission denied)",
    "",
    "Last changes:",
    "  2s ago: added here: b\\x1b[2J",
  ]);
});

Deno.test("a merge is mentioned in the table for a day, and in the status for as long as its process lives", () => {
  const merged = { atMs: nowMs - 60_000, why: "otherTime" } as const;
  const report = syncReport({ ...seen, merged });
  const dayMs = 24 * 60 * 60 * 1000;
  assert.match(syncTable([report], nowMs).at(-1) ?? "", / in sync, merged /);
  assert.match(syncTable([report], nowMs + dayMs).at(-1) ?? "", / in sync {3}/);
  assert.deepEqual(mergeLine(report.state, nowMs + dayMs), []);
  const text =
    "1m ago, both sides were merged, and nothing was deleted: the folder in the pod, or " +
    "kodama's state on this machine, is of another time, as after a restore";
  assert.deepEqual(mergeLine(report.state, nowMs), [text]);
  const lines = syncLines(report, { nowMs: nowMs + dayMs, listConflicts: () => "" });
  assert.ok(lines.includes(`  merged      ${text.replace("1m ago,", "24h1m ago:")}`), lines.join());
  assert.deepEqual(syncData(report).merged, {
    at: "2025-12-31T23:59:00.000Z",
    why: "otherTime",
  });
});

Deno.test("a sync as data has its times as dates", () => {
  const history = [{ atMs: nowMs, side: "local", what: "added", path: "a" }] as const;
  const { since, alikeSince, history: texts, phase, key } = syncData(
    syncReport({ ...seen, history }),
  );
  assert.deepEqual([since, alikeSince, phase, key], [
    "2025-12-31T23:59:55.000Z",
    "2025-12-31T23:58:30.000Z",
    "watching",
    "team.web-0",
  ]);
  assert.deepEqual(texts, [{
    at: "2026-01-01T00:00:00.000Z",
    side: "local",
    what: "added",
    path: "a",
  }]);
});

Deno.test("a sync is in sync only if nothing is held", () => {
  const wordsOf = (problems: SyncReport["state"]["problems"]) => {
    const report = syncReport({ phase: "watching", problems, problemCount: problems.length });
    return syncTable([report], 0)[1]?.split(/  +/)[1];
  };
  assert.equal(wordsOf([]), "in sync");
  assert.equal(wordsOf([{ path: "up", kind: "held" }]), "in sync, 1 path held");
  assert.equal(wordsOf([{ path: "", kind: "held" }]), "held");
});
