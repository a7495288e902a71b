import assert from "node:assert/strict";
import type { Outcome } from "../../exec/outcome.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { evaluateDeep } from "../templates.ts";
import type { StepTargetEnd } from "../step_events.ts";
import { guarded } from "./cut_values.ts";
import { failedPodsText, podOutputOf } from "./pod_output.ts";

function end(name: string, stdout: string, outcome: Outcome = { kind: "ok" }): StepTargetEnd {
  const target = { context: "c", namespace: "n", pod: name, container: "a", node: "", ip: "" };
  return { target, name, outcome, stdout, stderr: "", truncated: false, durationMs: 1 };
}

Deno.test("the answer of most pods is the step's, and the first of its groups", () => {
  const { output: { stdout, distinct, groups } } = podOutputOf([
    end("a", "1\n"),
    end("b", "2\n\n"),
    end("c", "2\n"),
  ], 1024);
  assert.equal(stdout, "2");
  assert.deepEqual(distinct, ["2", "1"]);
  assert.deepEqual(groups, [{ stdout: "2", targets: ["b", "c"] }, { stdout: "1", targets: ["a"] }]);
});

Deno.test("pods that were not started aren't told as failures beside those that failed", () => {
  const failed: Outcome = { kind: "failed", exitCode: 1 };
  const skipped: Outcome = { kind: "skipped", reason: "an earlier target failed" };
  const never = [end("w-1", "", skipped), end("w-2", "", skipped)];
  assert.equal(
    failedPodsText([end("w-0", "", failed), ...never], 3),
    "1 of 3 pods failed: w-0 (exit code 1); 2 were not started",
  );
});

Deno.test("outputs that were cut are equal if all of them is, and expressions can't read them", () => {
  const cut = (name: string, hash: number): StepTargetEnd => ({
    ...end(name, "same beginning"),
    truncated: true,
    cut: { stdout: { bytes: 9, hash } },
  });
  const { output, cut: parts = [] } = podOutputOf([cut("a", 1), cut("b", 2), cut("c", 1)], 1024);
  assert.deepEqual(output.groups, [
    { stdout: "same beginning", targets: ["a", "c"] },
    { stdout: "same beginning", targets: ["b"] },
  ]);
  const { steps } = { steps: guarded(output as JsonValue, parts) } as { steps: typeof output };
  const value = (text: string) => evaluateDeep(`\${{ ${text} }}`, { steps });
  assert.equal(value("size(steps.distinct)"), 2);
  assert.deepEqual(value("steps.groups.map(g, size(g.targets))"), [2, 1]);
  assert.equal(value("steps.byTarget.a.truncated"), true);
  const unread = [
    "steps.stdout",
    "steps.distinct",
    "steps",
    "steps.distinct[1] == 'x'",
    "steps.groups[1].stdout",
    "steps.byTarget.b.stdout.contains('x')",
    "'x' in steps.distinct",
  ];
  for (const text of unread) {
    assert.throws(() => value(text), /output of [ab] is larger than 1 KiB.*maxOutput/, text);
  }
});
