import assert from "node:assert/strict";
import type { TaskStatus } from "./model.ts";
import { type Folding, noProgress, type RunnerReport, taskStatus } from "./read_tasks.ts";

const refused = {
  ...noProgress,
  result: { ok: true, text: "", refused: ["Bash", "Bash", "Edit"] },
};
const failed = { ...noProgress, result: { ok: false, text: "Not logged in", refused: [] } };
const answered = { ...noProgress, result: { ok: true, text: "", refused: [] } };
const spoke = { ...noProgress, lastMessage: "no such table" };

const ended = (exitCode: number, interrupted = false): RunnerReport => ({
  kind: "ended",
  exitCode,
  interrupted,
});

const cases: [string, RunnerReport, Folding, TaskStatus][] = [
  ["before its turn", { kind: "alive", started: false }, noProgress, { state: "queued" }],
  ["in its turn", { kind: "alive", started: true }, answered, { state: "working" }],
  ["a good end", ended(0), answered, { state: "done" }],
  ["a good end without a verdict", ended(0), spoke, { state: "done" }],
  ["tools that weren't allowed", ended(0), refused, {
    state: "waiting",
    for: "it wasn't allowed to use Bash, Edit",
  }],
  ["a bad verdict", ended(1), failed, { state: "failed", reason: "Not logged in" }],
  ["a bad code", ended(3), spoke, { state: "failed", reason: "exit code 3: no such table" }],
  ["no program", ended(127), noProgress, {
    state: "failed",
    reason: "exit code 127 (can claude be run in the pod?)",
  }],
  ["a person's wish", ended(143, true), spoke, { state: "interrupted" }],
  ["a person's wish that came to a good end", ended(0, true), answered, { state: "interrupted" }],
  ["a pod that restarted", { kind: "missing", started: true, restarted: true }, spoke, {
    state: "failed",
    reason: "the pod restarted",
  }],
  ["before its turn, too", { kind: "missing", started: false, restarted: true }, spoke, {
    state: "failed",
    reason: "the pod restarted before its turn",
  }],
  ["a runner that was killed", { kind: "missing", started: true, restarted: false }, answered, {
    state: "failed",
    reason: "its processes were killed",
  }],
];

for (const [name, report, progress, status] of cases) {
  Deno.test(`${name}: ${status.state}`, () => {
    assert.deepEqual(taskStatus(report, progress, "claude"), status);
  });
}
