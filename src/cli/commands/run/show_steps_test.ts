import assert from "node:assert/strict";
import type { StepsEvent } from "../../../actions/workflow/run_steps.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import { StepsProgress } from "./show_steps.ts";

const at = new Date(0);

const began = (step: string): StepsEvent => ({
  kind: "stepStarted",
  definition: "d",
  step,
  stepKind: "exec",
  title: "",
  at,
});
const over = (step: string): StepsEvent => ({
  kind: "stepEnded",
  step,
  outcome: { kind: "ok" },
  tolerated: false,
  output: null,
  at,
  durationMs: 0,
});
const target = (step: string, kind: "ok" | "cancelled"): StepsEvent => ({
  kind: "stepTargetEnded",
  step,
  end: {
    target: { context: "", namespace: "", pod: "p", container: "", node: "", ip: "" },
    name: "p",
    outcome: { kind },
    stdout: "",
    stderr: "",
    truncated: false,
    durationMs: 0,
  },
  at,
});

Deno.test("the status line tells the innermost steps, how far their pods are and how long", () => {
  const clock = new ManualClock();
  const progress = new StepsProgress(clock);
  const told = (...events: StepsEvent[]) => {
    for (const event of events) progress.follow(event);
    return progress.statusLine();
  };
  assert.equal(told(began("each"), began("each[0]/wait-1")), "each[0]/wait-1: 1s");
  assert.equal(told(over("each[0]/wait-1"), over("each"), began("a")), "a: 1s");
  const pods = { kind: "stepTargets", step: "a", names: ["p", "q", "r"], scopes: [] } as const;
  const ends = [target("a", "ok"), target("a", "cancelled")];
  assert.equal(told(pods, ...ends), "a: 2 of 3 done, 1 not ok, 1s");
  assert.equal(told(pods), "a: 1 of 3 done, 1s", "another attempt is for those that weren't ok");
  assert.equal(
    told(...["b", "c", "d"].map(began)).replaceAll(/: [^;]*?1s/g, ""),
    "a; b; c and 1 more",
  );
});
