/** How much `-o jsonl` writes of a run, compared to what its pods wrote. */
import assert from "node:assert/strict";
import { StepsPainter } from "../src/present/steps_painter.ts";
import { plainStyle } from "../src/terminal/style.ts";
import { play, saying } from "../src/workflow/testing/step_fixture.ts";

const line =
  "2026-01-01T00:00:00Z INFO  a line of a log as programs write it, with some data that it has read, as one of many requests: data=";

Deno.test("-o jsonl writes at most 2.5 times what the pods wrote, whatever the layout", async () => {
  const outputs = Array.from(
    { length: 8 },
    (_pod, pod) => Array.from({ length: 400 }, (_line, at) => `${line}${pod}-${at}\n`).join(""),
  );
  const pods = Object.fromEntries(outputs.map((text, pod) => [`web-${pod}`, saying(text)]));
  const written = outputs.reduce((sum, text) => sum + text.length, 0);
  for (const outputMode of ["prefix", "group", "fold", "none"]) {
    const steps = `steps: [{ id: a, exec: [cat], outputMode: ${outputMode} }]\n`;
    const { events } = await play({ files: { "w.yaml": steps }, pods });
    const style = { stdout: plainStyle, stderr: plainStyle };
    const painter = new StepsPainter({
      format: "jsonl",
      quiet: false,
      style,
      rerunLine: () => "",
    });
    const lines = events.flatMap((event) => painter.paint(event)).flatMap(({ data }) => data);
    const text = lines.map((part) => String(part)).join("");
    assert.ok(text.length <= 2.5 * written, `${outputMode}: ${text.length / written}`);
    // Each pod's last line is there once: in its lines, or in its end.
    for (const pod of outputs.keys()) {
      assert.equal(text.split(`data=${pod}-399`).length, 2, outputMode);
    }
  }
});
