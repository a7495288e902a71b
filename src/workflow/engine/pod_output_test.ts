import assert from "node:assert/strict";
import type { Outcome } from "../../exec/model.ts";
import type { StepTargetEnd } from "../step_events.ts";
import { podOutput, troubleOf } from "./pod_output.ts";

function end(name: string, stdout: string, outcome: Outcome = { kind: "ok" }): StepTargetEnd {
  const target = { context: "c", namespace: "n", pod: name, container: "a", node: "", ip: "" };
  return { target, name, outcome, stdout, stderr: "", truncated: false, durationMs: 1 };
}

Deno.test("the answer of most pods is the step's, and the first of its groups", () => {
  const { stdout, distinct, groups } = podOutput([
    end("a", "1\n"),
    end("b", "2\n\n"),
    end("c", "2\n"),
  ]);
  assert.equal(stdout, "2");
  assert.deepEqual(distinct, ["2", "1"]);
  assert.deepEqual(groups, [{ stdout: "2", targets: ["b", "c"] }, { stdout: "1", targets: ["a"] }]);
});

Deno.test("pods that were never begun aren't told as failures beside those that failed", () => {
  const failed: Outcome = { kind: "failed", exitCode: 1 };
  const skipped: Outcome = { kind: "skipped", reason: "a target before it failed" };
  const never = [end("w-1", "", skipped), end("w-2", "", skipped)];
  assert.equal(
    troubleOf([end("w-0", "", failed), ...never], 3),
    "1 of 3 pods failed: w-0 (exit code 1); 2 were never begun",
  );
});
