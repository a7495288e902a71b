import assert from "node:assert/strict";
import type { WebRunEvent } from "../api.ts";
import { hasFailed, outcomeCounts, RunState, sortedPods } from "./run_state.ts";

const at = "2026-11-22T10:00:00.000Z";
const names = ["web-10", "web-2", "web-1"];
const exec = (event: object) => ({ kind: "exec", event } as WebRunEvent);
const steps = (event: object) => ({ kind: "workflow", event } as unknown as WebRunEvent);

Deno.test("`RunState` follows a command: each pod's lines and its outcome", () => {
  const state = new RunState();
  const target = (name: string) => ({ target: names.indexOf(name), name, at });
  const end = { durationMs: 5, exitCode: 0, signal: null, error: null };
  const events = [
    { event: "runStarted", at, command: ["x"], targets: names.map((name) => ({ name })) },
    { event: "podSkipped", context: "c", namespace: "n", pod: "p", reason: "Pending" },
    { event: "targetStarted", ...target("web-10") },
    { event: "line", ...target("web-10"), stream: "stdout", text: "\x1b[31mred\x1b[0m \u202etxt" },
    { event: "targetStarted", ...target("web-2") },
  ];
  for (const event of events) state.apply(exec(event));
  const pods = [...state.steps.get("")?.pods.values() ?? []];
  assert.deepEqual(pods.map(({ name, phase }) => [name, phase]), [
    ["web-10", "running"],
    ["web-2", "running"],
    ["web-1", "waiting"],
  ]);
  assert.deepEqual(pods[0]?.output, [{ stream: "stdout", text: "red \\u202etxt" }]);
  assert.deepEqual(state.notes, ["Skipped n/p: Pending"]);
  assert.equal(hasFailed(state), false);

  state.apply(exec({ event: "targetEnded", ...target("web-10"), ...end, outcome: "ok" }));
  const failed = { ...end, outcome: "failed", exitCode: 7, signal: "KILL" };
  state.apply(exec({ event: "targetEnded", ...target("web-2"), ...failed }));
  assert.deepEqual(outcomeCounts(pods), [["failed", 1], ["ok", 1], ["waiting", 1]]);
  assert.deepEqual(sortedPods(pods).map(({ name }) => name), ["web-2", "web-10", "web-1"]);
  assert.deepEqual([pods[1]?.exitCode, pods[1]?.reason], [7, "KILL"]);
  assert.equal(hasFailed(state), true);
});

Deno.test("`RunState` follows a workflow: steps in their order, what a step does itself, its pods", () => {
  const state = new RunState();
  const events = [
    { kind: "stepStarted", step: "check", stepKind: "exec", title: "Check it", at },
    { kind: "stepTargets", step: "check", names: ["a", "b"], scopes: [] },
    { kind: "stepLine", step: "check", target: "", stream: "stdout", text: "here" },
    { kind: "stepLine", step: "check", target: "a", stream: "stdout", text: "live" },
    ...["a", "b"].map((name) => ({
      ...{ kind: "stepTargetEnded", step: "check", at },
      end: {
        ...{ name, durationMs: 3, stdout: "stored\n", stderr: "" },
        outcome: name === "a" ? { kind: "ok" } : { kind: "unknown", reason: "the link broke" },
      },
    })),
    {
      ...{ kind: "stepEnded", step: "check", durationMs: 9, tolerated: false, output: null, at },
      outcome: { kind: "failed", reason: "1 of 2 pods failed" },
    },
    { kind: "workflowEnded", outcome: { kind: "failed" }, exitCode: 5, durationMs: 10, at },
  ];
  for (const event of events) state.apply(steps(event));
  const step = state.steps.get("check");
  assert.deepEqual([step?.title, step?.outcome, step?.reason], [
    "Check it",
    "failed",
    "1 of 2 pods failed",
  ]);
  assert.deepEqual(step?.output.map(({ text }) => text), ["here"]);
  const pods = [...step?.pods.values() ?? []];
  // What a pod's lines have shown isn't shown again at its end.
  assert.deepEqual(pods.map(({ output }) => output.map(({ text }) => text)), [["live"], [
    "stored",
  ]]);
  assert.equal(pods[1]?.reason, "the link broke");
  assert.equal(state.exitCode, 5);
});

Deno.test("`RunState` stores a pod's newest lines only", () => {
  const state = new RunState();
  for (let line = 0; line < 5000; line++) {
    state.apply(
      exec({ event: "line", target: 0, name: "a", stream: "stdout", text: String(line) }),
    );
  }
  const pod = state.steps.get("")?.pods.get("a");
  assert.ok(pod !== undefined && pod.output.length <= 2000);
  assert.equal(pod.output.length + pod.omittedLines, 5000);
  assert.equal(pod.output.at(-1)?.text, "4999");
});
