/** What the recordings in `tests/` don't show of the reducer: limits, order, attempts. */
import assert from "node:assert/strict";
import type { RunEventData } from "../exec/event_shapes.ts";
import { hasFailed, outcomeCounts, RunState, sortedPods } from "./run_state.ts";

const at = "2026-11-22T10:00:00.000Z";

function added(...names: string[]): RunEventData {
  const place = { context: "c", namespace: "n", container: "a", node: "", ip: "", uid: null };
  const targets = names.map((name) => ({ ...place, pod: name, name }));
  return { event: "targetsAdded", step: "s", targets };
}

function ended(name: string, outcome: "ok" | "failed", stdout?: string): RunEventData {
  const end = { at, outcome, exitCode: 0, signal: null, durationMs: 5, error: null };
  return {
    event: "targetEnded",
    step: "s",
    name,
    ...end,
    ...(stdout === undefined ? {} : { stdout }),
  };
}

function line(name: string, text: string): RunEventData {
  return { event: "line", step: "s", name, stream: "stdout", text, endedBy: "newline" };
}

Deno.test("`RunState` shows what needs attention first, and makes texts safe", () => {
  const state = new RunState({ visible: (text) => text.toUpperCase() });
  const events = [added("web-10", "web-2", "web-1"), line("web-10", "red")];
  for (const event of [...events, ended("web-2", "failed"), ended("web-10", "ok")]) {
    state.apply(event);
  }
  assert.deepEqual(state.steps.get("s")?.pods.get("web-10")?.output, [
    { stream: "stdout", text: "RED" },
  ]);
  assert.deepEqual(outcomeCounts(state.pods), [["failed", 1], ["ok", 1], ["waiting", 1]]);
  assert.deepEqual(sortedPods(state.pods).map(({ name }) => name), ["web-2", "web-10", "web-1"]);
  assert.equal(hasFailed(state), true);
});

Deno.test("`RunState`: a further attempt repeats the pods that an earlier one hasn't ended", () => {
  const state = new RunState();
  const [first, again] = [added("a", "b"), added("a", "b")];
  assert(again.event === "targetsAdded");
  const [a, b] = again.targets;
  assert(a !== undefined && b !== undefined);
  const events = [first, ended("a", "ok"), ended("b", "failed")];
  for (const event of events) state.apply(event);
  state.apply({ ...again, targets: [{ ...a, earlier: "ok" }, b] });
  assert.deepEqual(state.pods.map(({ phase, outcome }) => [phase, outcome]), [
    ["ended", "ok"],
    ["waiting", undefined],
  ]);
});

Deno.test("`RunState` stores a pod's newest lines only", () => {
  const state = new RunState();
  for (let number = 0; number < 5000; number++) state.apply(line("a", String(number)));
  const [pod] = state.pods;
  assert.ok(pod !== undefined && pod.output.length <= 2000);
  assert.equal(pod.output.length + pod.omittedLines, 5000);
  assert.equal(pod.output.at(-1)?.text, "4999");
  const none = new RunState({ linesOfPod: 0 });
  none.apply(line("a", "x"));
  none.apply(ended("a", "ok", "x\ny\n"));
  assert.deepEqual(none.pods.map(({ phase, output }) => [phase, output]), [["ended", []]]);
});
