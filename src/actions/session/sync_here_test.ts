import assert from "node:assert/strict";
import { firstState } from "../../sync/engine/status.ts";
import type { SyncReport } from "../sync/control.ts";
import { isSyncOf, syncWord } from "./sync_here.ts";

function report(state: Partial<SyncReport["state"]>, uid = "u1"): SyncReport {
  return {
    spec: {
      key: "default.work",
      local: "/home/me/work",
      target: { context: "lab", namespace: "default", pod: "kodama-work", container: "workspace" },
      remotePath: "/workspace",
      mode: "two-way-safe",
      useGitignore: true,
      excludePatterns: [],
      kubeconfig: null,
      session: { name: "work", uid },
    },
    pid: 42,
    state: { ...firstState("two-way-safe", 0), ...state },
    log: "/log",
  };
}

Deno.test("a list says Active of no sync that can't carry something over", () => {
  const failed = [{ path: "a", side: "local", kind: "failed", detail: "No space left" }] as const;
  const held = [{ path: "up", kind: "held", detail: "link" }] as const;
  const words = [
    undefined,
    report({ phase: "watching", problems: held }),
    report({ phase: "waiting", reason: "the link broke" }),
    report({ phase: "waiting", problems: failed }),
    report({ phase: "halted" }),
    report({ phase: "paused", problems: failed }),
    { ...report({ phase: "watching" }), pid: null },
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
  const synced = report({});
  assert.equal(isSyncOf(synced, owner), true);
  assert.equal(isSyncOf(synced, { ...owner, context: "renamed" }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: "u2" }), false);
  // Of a state that is gone only the context is known.
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined }), true);
  assert.equal(isSyncOf(synced, { ...owner, uid: undefined, context: "other" }), false);
});
