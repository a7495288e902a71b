/** Syncs -> their output. */
import assert from "node:assert/strict";
import { syncReport } from "../actions/sync/testing/sync_report.ts";
import { syncData, syncLines, syncTable } from "./sync_text.ts";

const nowMs = Date.UTC(2026, 0, 1);

const seen = {
  sinceMs: nowMs - 5000,
  alikeSinceMs: nowMs - 90_000,
  entries: { local: 1, remote: 2 },
  watched: { local: "inotify", remote: "perl" },
};

Deno.test("a sync in a table, and all there is to say of one", () => {
  assert.deepEqual(syncTable([syncReport(seen)]), [
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
