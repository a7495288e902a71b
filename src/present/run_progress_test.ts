import assert from "node:assert/strict";
import { RunProgress } from "./run_progress.ts";
import { at, ended, started } from "./testing/run_events.ts";

Deno.test("`RunProgress` counts targets by outcome, and names those that run", () => {
  const progress = new RunProgress();
  assert.equal(progress.state(), undefined);
  progress.follow(started("web-0", "web-1", "web-2", "web-3", "web-4"));
  for (const target of [0, 1, 2, 3]) progress.follow({ kind: "targetStarted", target, at });
  progress.follow(ended(0, { kind: "ok" }));
  progress.follow(ended(1, { kind: "failed", exitCode: 1 }));
  assert.equal(progress.state(), "2 running (web-2, web-3), 1 waiting, 1 ok, 1 failed");
  assert.equal(progress.statusLine(12_345), "2 of 5 done, 1 failed, 2 running, 12s: web-2, web-3");
});

Deno.test("`RunProgress` names at most ten targets that run", () => {
  const progress = new RunProgress();
  const names = Array.from({ length: 12 }, (_, index) => `w${index}`);
  progress.follow(started(...names));
  for (const target of names.keys()) progress.follow({ kind: "targetStarted", target, at });
  assert.equal(progress.state(), `12 running (${names.slice(0, 10).join(", ")} and 2 more)`);
});
