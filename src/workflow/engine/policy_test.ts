/** What follows from how a step ended: another attempt, the following steps, the exit code. */
import assert from "node:assert/strict";
import type { StepOutcome } from "../step_events.ts";
import { continuesAfter, exitCodeOfStep, gravest, nextAttempt } from "./policy.ts";

const outcomes: Readonly<Record<StepOutcome["kind"], StepOutcome>> = {
  ok: { kind: "ok" },
  rescued: { kind: "rescued", reason: "r" },
  failed: { kind: "failed", reason: "r" },
  denied: { kind: "denied", reason: "r" },
  refused: { kind: "refused", reason: "r" },
  timeout: { kind: "timeout", reason: "r" },
  cancelled: { kind: "cancelled" },
  skipped: { kind: "skipped", reason: "r" },
};

function kindsWhere(holds: (outcome: StepOutcome) => boolean): string[] {
  return Object.values(outcomes).filter(holds).map(({ kind }) => kind);
}

Deno.test("`nextAttempt()` retries failures and timeouts, and nothing that was refused", () => {
  const retry = { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 150 };
  const again = (outcome: StepOutcome) => nextAttempt(retry, 1, outcome) !== undefined;
  assert.deepEqual(kindsWhere(again), ["failed", "timeout"]);
  const delays = [1, 2, 3].map((attempt) => nextAttempt(retry, attempt, outcomes.failed));
  assert.deepEqual(delays, [100, 150, undefined]);
  assert.equal(nextAttempt(undefined, 1, outcomes.failed), undefined);
});

Deno.test("`continuesAfter()` follows allowFailure, and never continues after a cancel", () => {
  const goingOn = (allowFailure: Parameters<typeof continuesAfter>[1]) =>
    kindsWhere((outcome) => continuesAfter(outcome, allowFailure));
  assert.deepEqual(goingOn(false), ["ok", "rescued", "skipped"]);
  assert.deepEqual(goingOn(true), ["ok", "rescued", "failed", "skipped"]);
  assert.deepEqual(goingOn("any"), [
    ...["ok", "rescued", "failed", "denied", "refused", "timeout", "skipped"],
  ]);
});

Deno.test("`gravest()` is the exit code of the gravest outcome", () => {
  const kinds = [
    ["ok", "failed"],
    ["failed", "timeout"],
    ["timeout", "unreachable", "failed"],
    ["timeout", "unknown", "failed"],
    [],
  ] as const;
  const codes = kinds.map((kinds) => gravest(kinds));
  assert.deepEqual(codes, [5, 3, 4, 4, 5]);
  assert.equal(exitCodeOfStep({ kind: "failed", reason: "r" }), 5);
  assert.equal(exitCodeOfStep({ kind: "failed", reason: "r", exitCode: 2 }), 2);
  const others = Object.values(outcomes).filter(({ kind }) => kind !== "failed");
  assert.deepEqual(
    Object.fromEntries(others.map((outcome) => [outcome.kind, exitCodeOfStep(outcome)])),
    { ok: 0, rescued: 0, denied: 1, refused: 1, timeout: 3, cancelled: 130, skipped: 0 },
  );
});
