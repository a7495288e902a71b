import assert from "node:assert/strict";
import { carriedFolders, isCarried } from "./carried.ts";

function carried(root: string, path: string, withSecrets = false): boolean {
  const folder = carriedFolders.find((one) => one.root === root);
  assert.ok(folder);
  return isCarried(folder, path, { withSecrets });
}

Deno.test("whom the agent is signed in as goes along only where somebody says so", () => {
  for (
    const path of [
      ".credentials.json",
      ".claude.json",
      ".claude.json.backup.1",
      "backups/.claude.json",
    ]
  ) {
    assert.equal(carried("claude", path), false, path);
    assert.equal(carried("claude", path, true), true, path);
  }
  assert.ok(carried("claude", "projects/-workspace/talk.jsonl"));
});

Deno.test("variables of a task that hasn't begun never go along", () => {
  assert.equal(carried("kodama", "tasks/3/environment"), false);
  assert.equal(carried("kodama", "tasks/3/environment", true), false);
  assert.ok(carried("kodama", "tasks/3/events.jsonl"));
  // A queued task runs in the session where it was submitted, and not in a copy too.
  assert.equal(carried("kodama", "tasks/3/runner", true), false);
  assert.ok(carried("kodama", "repository"));
  assert.equal(carried("kodama", "anything-else"), false);
});

Deno.test("of the workspace all goes along but what is on its way", () => {
  assert.ok(carried("workspace", ".env"));
  assert.ok(carried("workspace", ".kodama/configs/helix-config.toml"));
  assert.ok(carried("workspace", ".kodama.yaml"));
  for (const path of [".kodama-fill/a", ".kodama-0123.new", ".kodama-sync-x", "lost+found"]) {
    assert.equal(carried("workspace", path), false, path);
  }
});
