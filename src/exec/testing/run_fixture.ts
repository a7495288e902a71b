/** A run of simulated pods on a test's clock, and the invariants of every run's events. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { ChannelEnd } from "../../kube/client.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Outcome } from "../outcome.ts";
import type { RunEvent } from "../run_options.ts";
import { runOnTargets } from "../run_on_targets.ts";
import type { RunOptions } from "../run_options.ts";
import { type PodScript, SimulatedPod } from "./simulated_pod.ts";

/** To open a stream. */
export const connectTimeoutMs = 1000;
/** The command's limit, if a test sets it. */
export const timeoutMs = 5000;

/** A pod that prints hello and exits. */
export const hello: PodScript = {
  openMs: 1,
  output: [{ afterMs: 1, stream: "stdout", bytes: new TextEncoder().encode("hello\n") }],
  end: { kind: "exited", exitCode: 0 },
  diesOn: "TERM",
};

function target(index: number): Target {
  return {
    context: "c",
    namespace: "n",
    pod: `pod-${index}`,
    container: "a",
    node: "node-1",
    ip: "10.0.0.1",
  };
}

/** The environment of a test. */
export interface RunFixture {
  pods: SimulatedPod[];
  targets: Target[];
  clock: ManualClock;
  cancel: AbortController;
  options: RunOptions;
}

/** Pods, and a run over them that hasn't started. */
export function runFixture(
  scripts: readonly PodScript[],
  changes: Partial<RunOptions> = {},
): RunFixture {
  const clock = new ManualClock();
  const pods = scripts.map((script) => new SimulatedPod(script, clock));
  const targets = scripts.map((_, index) => target(index));
  const cancel = new AbortController();
  const options: RunOptions = {
    open: (to, ...request) => (pods[targets.indexOf(to)] as SimulatedPod).open(...request),
    clock,
    signal: cancel.signal,
    fanout: 4,
    connectTimeoutMs,
    graceMs: 200,
    nonce: "nonce",
    ...changes,
  };
  return { pods, targets, clock, cancel, options };
}

/** Returns all events of the run. */
export async function events({ targets, clock, options }: RunFixture): Promise<RunEvent[]> {
  return await clock.runUntil(Array.fromAsync(runOnTargets(targets, ["hostname"], options)));
}

/** Returns the outcomes of a run that has ended, by target. */
export function outcomesOf(all: readonly RunEvent[]): readonly Outcome[] {
  const last = all.at(-1);
  assert.equal(last?.kind, "runEnded");
  return last.outcomes;
}

/** Returns the bytes of one stream of one target. */
export function outputOf(
  all: readonly RunEvent[],
  index: number,
  stream: "stdout" | "stderr",
): number[] {
  return all.flatMap((event) =>
    event.kind === "output" && event.target === index && event.stream === stream
      ? [...event.bytes]
      : []
  );
}

const ends: fc.Arbitrary<ChannelEnd | "hangs"> = fc.oneof(
  fc.record({ kind: fc.constant("exited" as const), exitCode: fc.integer({ min: 0, max: 255 }) }),
  fc.constant({ kind: "cut" as const, reason: "link broke" }),
  fc.constant("hangs" as const),
);

/** Pods of any kind. */
export const scripts: fc.Arbitrary<PodScript> = fc.record({
  openMs: fc.constantFrom(0, 1, 10, 999, 5000),
  output: fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 0, 1, 30, 2000),
      stream: fc.constantFrom("stdout" as const, "stderr" as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    }),
    { maxLength: 6 },
  ),
  end: ends,
  diesOn: fc.constantFrom("TERM" as const, "KILL" as const, "nothing" as const),
  preambleSplit: fc.integer({ min: 1, max: 20 }),
});

/** Asserts per target: started, then output, then one end; and the run's end last. */
export function assertOrder(all: readonly RunEvent[], count: number, fanout: number): void {
  const phase = new Array<"none" | "running" | "ended">(count).fill("none");
  for (const [at, event] of all.entries()) {
    if (event.kind === "runStarted") assert.equal(at, 0);
    if (event.kind === "runEnded") assert.equal(at, all.length - 1);
    if (event.kind === "targetStarted") {
      assert.equal(phase[event.target], "none");
      phase[event.target] = "running";
    }
    if (event.kind === "output") assert.equal(phase[event.target], "running");
    if (event.kind === "targetEnded") {
      const before = event.outcome.kind === "skipped" ? "none" : "running";
      assert.equal(phase[event.target], before);
      phase[event.target] = "ended";
      assert.deepEqual(outcomesOf(all)[event.target], event.outcome);
    }
    assert.ok(phase.filter((one) => one === "running").length <= fanout, "more than the window");
  }
  assert.deepEqual(phase, new Array(count).fill("ended"));
}
