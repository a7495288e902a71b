import assert from "node:assert/strict";
import { plainStyle } from "../../../terminal/style.ts";
import { StepsPainter } from "./painter.ts";

function painter(quiet = false): StepsPainter {
  const style = { stdout: plainStyle, stderr: plainStyle };
  return new StepsPainter({ format: "text", quiet, style, rerunLine: () => "" });
}

const skipped = (step: string, reason: string) =>
  ({
    kind: "stepPodsSkipped",
    step,
    skipped: [{ namespace: "n", pod: "web-0", reason }],
  }) as const;

Deno.test("a pod that several steps do without is told once for each reason", () => {
  const painted = painter();
  const lines = [skipped("a", "is Pending"), skipped("b", "is Pending"), skipped("c", "is Failed")]
    .flatMap((event) => painted.paint(event));
  assert.deepEqual(lines, [
    { stream: "stderr", data: ["not ready: web-0 (Pending)\n"] },
    { stream: "stderr", data: ["not ready: web-0 (Failed)\n"] },
  ]);
  assert.deepEqual(painter(true).paint(skipped("a", "is Pending")), []);
});

Deno.test("a step that is ok names the pods that were allowed to fail; of attempts the last one counts", () => {
  const painted = painter();
  const at = new Date(0);
  const ended = (name: string, kind: "ok" | "cancelled", pod = name) => {
    const target = { context: "c", namespace: "n", pod, container: "a", node: "", ip: "" };
    const output = { stdout: "", stderr: "", truncated: false, durationMs: 1 };
    const end = { target, name, outcome: { kind }, ...output };
    return painted.paint({ kind: "stepTargetEnded", step: "a", end, at });
  };
  for (const name of ["p", "q"]) ended(name, "cancelled");
  ended("p", "ok");
  // All pods of an unreachable context count as no pod.
  ended("east/*", "cancelled", "*");
  const outcome = { kind: "ok" } as const;
  const lines = painted.paint({
    kind: "stepEnded",
    step: "a",
    outcome,
    tolerated: false,
    output: null,
    at,
    durationMs: 5,
  });
  assert.deepEqual(lines.flatMap(({ data }) => data), [
    "a  ok in 1 of 2 pods (q: cancelled), 5ms\n",
  ]);
});
