import assert from "node:assert/strict";
import { plainStyle } from "../../term/style.ts";
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
    { stream: "stderr", text: "not ready: web-0 (Pending)\n" },
    { stream: "stderr", text: "not ready: web-0 (Failed)\n" },
  ]);
  assert.deepEqual(painter(true).paint(skipped("a", "is Pending")), []);
});
