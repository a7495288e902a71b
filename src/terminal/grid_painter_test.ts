/** Painted output, as a terminal shows it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { clipLine, type Grid, type Line, lineText, span, type Tone } from "./grid.ts";
import { GridPainter } from "./grid_painter.ts";
import { TinyTerminal } from "./testing/tiny_terminal.ts";

const [columns, rows] = [20, 8];
const modesAtFirst = ["25", "7"];

const tones: readonly Tone[] = ["plain", "dim", "good", "current", "caret"];
const line: fc.Arbitrary<Line> = fc.array(
  fc.record({
    text: fc.string({ unit: fc.constantFrom("a", "-", " ", "木", "é", "e\u0301"), maxLength: 12 }),
    tone: fc.constantFrom(...tones),
  }),
  { maxLength: 3 },
).map((spans) => clipLine(spans, columns));
const grid: fc.Arbitrary<Grid> = fc.array(line, { minLength: 1, maxLength: rows }).map((lines) => ({
  lines,
}));

function shown({ lines }: Grid): string[] {
  return lines.map((one) => lineText(one).trimEnd());
}

for (const place of ["screen", "inline"] as const) {
  for (const before of [0, 3, 20]) {
    Deno.test(`property: ${place}, after ${before} lines: the screen is the last grid, and is given back`, () => {
      fc.assert(fc.property(
        fc.array(grid, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.boolean(),
        (grids, color, mouse) => {
          const terminal = new TinyTerminal(columns, rows);
          terminal.write(Array.from({ length: before }, (_, index) => `$ ${index}\r\n`).join(""));
          const [linesBefore, { row: top }] = [terminal.lines, terminal.cursor];
          const painter = new GridPainter({ area: place, color, mouse });
          terminal.write(painter.start());
          for (const one of grids) {
            terminal.write(painter.paint(one));
            const lines = terminal.lines;
            const from = place === "screen" ? 0 : firstRow(top, grids, one);
            assert.deepEqual(lines.slice(from, from + one.lines.length), shown(one));
            assert.ok(lines.slice(from + one.lines.length).every((rest) => rest === ""));
            assert.equal(painter.paint(one), "", "the same grid takes nothing");
          }
          assert.ok(!terminal.modes.has("25"), "the cursor is hidden");
          terminal.write(painter.end());
          assert.deepEqual([...terminal.modes].sort(), modesAtFirst);
          if (place === "screen") assert.deepEqual(terminal.lines, linesBefore);
          else {
            const { row } = terminal.cursor;
            assert.deepEqual(terminal.lines.slice(row), Array(rows - row).fill(""));
            assert.ok(terminal.lines.slice(0, row).every((text) => linesBefore.includes(text)));
          }
        },
      ));
    });
  }
}

/** Returns the start of an inline grid: the largest grid so far has moved it up, at the bottom of the screen. */
function firstRow(top: number, grids: readonly Grid[], until: Grid): number {
  const tallest = Math.max(
    ...grids.slice(0, grids.indexOf(until) + 1).map(({ lines }) => lines.length),
  );
  return Math.min(top, rows - tallest);
}

Deno.test("a program's own colours are painted, if they are nothing else", () => {
  const paint = (sgr: string, color = true) =>
    new GridPainter({ area: "inline", color, mouse: false })
      .paint({ lines: [[{ text: "a", tone: "plain", sgr }]] });
  assert.ok(paint("1;38;5;12").includes("\x1b[1;38;5;12ma\x1b[0m"));
  assert.doesNotMatch(paint("1;38;5;12", false), /38/);
  assert.doesNotMatch(paint("0m\x1b[2J"), /2J/);
});

Deno.test("a tone with a background can be read on a dark and on a light terminal", () => {
  for (const tone of ["current", "currentMatch", "changed"] as const) {
    const painter = new GridPainter({ area: "screen", color: true, mouse: false });
    const painted = painter.start() +
      painter.paint({ lines: [[span("x", tone)]] });
    assert.match(painted, /\[1;38;5;\d+;48;5;\d+mx/, tone);
  }
});

Deno.test("only rows that changed are written", () => {
  const painter = new GridPainter({ area: "inline", color: false, mouse: false });
  const lines = ["one", "two", "three"].map((text) => [span(text)]);
  painter.paint({ lines });
  const text = painter.paint({ lines: [[span("one")], [span("TWO")], [span("three")]] });
  assert.match(text, /TWO/);
  assert.doesNotMatch(text, /one|three/);
});

Deno.test("what was taken over is given back at any moment, painted or not, and twice does no harm", () => {
  for (const place of ["screen", "inline"] as const) {
    const terminal = new TinyTerminal(columns, rows);
    const painter = new GridPainter({ area: place, color: true, mouse: true });
    terminal.write(painter.start());
    assert.ok(terminal.modes.has("1000"));
    terminal.write(painter.end() + painter.end());
    assert.deepEqual([...terminal.modes].sort(), modesAtFirst);
  }
});

Deno.test("a narrower window is repainted, without the terminal's wrapped lines", () => {
  const painter = new GridPainter({ area: "screen", color: false, mouse: false });
  const terminal = new TinyTerminal(columns, rows);
  terminal.write(painter.start() + painter.paint({ lines: [[span("a".repeat(20))]] }));
  const narrow = new TinyTerminal(10, rows);
  narrow.write("a".repeat(10) + "\r\n" + "a".repeat(10));
  narrow.write(painter.resized(10) + painter.paint({ lines: [[span("b".repeat(10))]] }));
  assert.deepEqual(narrow.lines.filter((text) => text !== ""), ["b".repeat(10)]);
});
