import assert from "node:assert/strict";
import { span } from "../terminal/grid.ts";
import { GridPainter } from "../terminal/grid_painter.ts";
import { themeTones } from "./theme.ts";

Deno.test("styles of the settings are those of the tones that their parts have", () => {
  const tones = themeTones({ error: "bold white on red", cursor: "reverse", match: "214" });
  assert.deepEqual(tones, { bad: "1;37;41", current: "7", match: "38;5;214" });
  const grid = { lines: [[span("failed", "bad"), span(" ok", "good")]] };
  const painted = (color: boolean) =>
    new GridPainter({ area: "screen", color, mouse: false, tones }).paint(grid);
  assert.ok(painted(true).includes("\x1b[1;37;41mfailed\x1b[0m\x1b[32m ok"));
  assert.ok(painted(false).includes("\x1b[1mfailed\x1b[0m ok"), "without colours, weights alone");
});
