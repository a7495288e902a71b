/** Args of the sync commands -> their options, and syncs -> their output. */
import assert from "node:assert/strict";
import { syncReport } from "../../../actions/sync/testing/sync_report.ts";
import { UsageError } from "../../../base/errors.ts";
import { sortWords } from "../../parser/parse.ts";
import { resolveWords } from "../../parser/parsed_args.ts";
import { command } from "./start.ts";
import type { StartOptions } from "./resolve_start.ts";
import { syncData, syncLines, syncTable } from "../../../present/sync_text.ts";

async function options(...line: string[]): Promise<StartOptions> {
  const sorted = await sortWords(command, line, "kodama sync start");
  const words = resolveWords(command, { ...sorted, trailing: undefined }, {
    environment: () => undefined,
    spoken: "kodama sync start",
  });
  return command.resolve(words) as StartOptions;
}

Deno.test("a place in a pod has a pod, perhaps a namespace, and a folder with whatever name", async () => {
  const place = async (text: string, ...more: string[]) => {
    const { namespace, pod, remotePath } = await options(".", text, ...more);
    return [namespace, pod, remotePath];
  };
  assert.deepEqual(await place("web-0:/w"), [undefined, "web-0", "/w"]);
  assert.deepEqual(await place("team/web-0:a:b c"), ["team", "web-0", "a:b c"]);
  assert.deepEqual(await place("web-0:/w", "-n", "team"), ["team", "web-0", "/w"]);
  assert.deepEqual(await place("web.example:rel"), [undefined, "web.example", "rel"]);
});

Deno.test("what is no place in a pod is refused, with what one looks like", async () => {
  for (const text of ["/w", "web-0", "web-0:", ":/w", "Web:/w", "a/b/c:/w"]) {
    await assert.rejects(options(".", text), (error) => {
      assert.ok(error instanceof UsageError, text);
      assert.match(error.hint ?? "", /kodama sync start \. web-0:\/workspace/);
      return true;
    });
  }
  await assert.rejects(options(".", "a/web-0:/w", "-n", "b"), /two namespaces are named/);
});

Deno.test("the way, the name, and what is left out", async () => {
  const all = await options(
    "./site",
    "web-0:/w",
    "--mode=pull",
    "--name",
    "x",
    "--exclude",
    "*.log",
    "--exclude=a/",
    "--no-gitignore",
    "--no-wait",
  );
  const { mode, name, exclude, gitignore, wait } = all;
  assert.deepEqual([mode, name, exclude, gitignore, wait], [
    "pull",
    "x",
    ["*.log", "a/"],
    false,
    false,
  ]);
  const usual = await options(".", "web-0:/w");
  assert.deepEqual([usual.mode, usual.gitignore, usual.wait], ["two-way-safe", true, true]);
});

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
    "  conflicts   1 file kept beside: kodama sync conflicts team.web-0",
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
  const { since, alikeSince, history: told, phase, key } = syncData(
    syncReport({ ...seen, history }),
  );
  assert.deepEqual([since, alikeSince, phase, key], [
    "2025-12-31T23:59:55.000Z",
    "2025-12-31T23:58:30.000Z",
    "watching",
    "team.web-0",
  ]);
  assert.deepEqual(told, [{
    at: "2026-01-01T00:00:00.000Z",
    side: "local",
    what: "added",
    path: "a",
  }]);
});
