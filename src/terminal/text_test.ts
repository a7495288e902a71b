import assert from "node:assert/strict";
import fc from "fast-check";
import { printable } from "./printable.ts";
import { stableNumber, styleFor, wantsColor } from "./style.ts";
import { tableLines } from "./table.ts";
import { displayWidth } from "./width.ts";
import { definitions, wrap } from "./wrap.ts";

const widths: Readonly<Record<string, number>> = {
  "": 0,
  "pod-0": 5,
  "größe": 5,
  "e\u0301": 1,
  "木霊": 4,
  "ｶﾀ": 2,
  "👻": 2,
  "한글": 4,
};

for (const [text, width] of Object.entries(widths)) {
  Deno.test(`width of ${JSON.stringify(text)}`, () => assert.equal(displayWidth(text), width));
}

Deno.test("a table stands in columns, whatever its cells hold", () => {
  assert.deepEqual(
    tableLines(["POD", "NODE", "IP"], [
      ["web-0", "a", "10.0.0.1"],
      ["木霊", "", "x\ny\x1b[2J"],
    ]),
    [
      "POD     NODE     IP",
      "web-0   a        10.0.0.1",
      "木霊    <none>   x\\ny\\x1b[2J",
    ],
  );
});

Deno.test("control characters and turned text are shown, not done", () => {
  assert.equal(printable("a\x1b[2Jb\x9b\u202ec\td\n"), "a\\x1b[2Jb\\u009b\\u202ec\td\n");
});

Deno.test("property: wrapped lines fit, and lose no word", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/));
  fc.assert(fc.property(words, fc.integer({ min: 12, max: 60 }), (list, columns) => {
    const lines = wrap(list.join(" "), columns);
    assert.ok(lines.every((line) => line.length <= columns));
    assert.equal(lines.join(" "), list.join(" "));
  }));
});

Deno.test("a long term stands on a line of its own", () => {
  assert.deepEqual(
    definitions([["-a", "one two three four"], ["--a-very-long-flag", "text"]], {
      indent: 2,
      termColumns: 6,
      columns: 40,
    }),
    [
      "  -a      one two three four",
      "  --a-very-long-flag",
      "          text",
    ],
  );
});

Deno.test("where there is no room for two columns, explanations stand below their terms", () => {
  assert.deepEqual(
    definitions([["--flag NAME", "one two three four"], ["-a", ""]], {
      indent: 2,
      termColumns: 28,
      columns: 20,
    }),
    ["  --flag NAME", "      one two three", "      four", "  -a"],
  );
});

Deno.test("colour: what is asked for wins, else the terminal and NO_COLOR decide", () => {
  const on = { isTerminal: true, noColor: undefined, term: "xterm" };
  assert.equal(wantsColor("auto", on), true);
  assert.equal(wantsColor("auto", { ...on, noColor: "" }), true);
  assert.equal(wantsColor("auto", { ...on, noColor: "1" }), false);
  assert.equal(wantsColor("auto", { ...on, term: "dumb" }), false);
  assert.equal(wantsColor("auto", { ...on, isTerminal: false }), false);
  assert.equal(wantsColor("always", { ...on, isTerminal: false, noColor: "1" }), true);
  assert.equal(wantsColor("never", on), false);
});

Deno.test("a pod keeps its colour", () => {
  const style = styleFor(true);
  const painted = style.hue(stableNumber("web-0"), "web-0");
  assert.equal(painted, style.hue(stableNumber("web-0"), "web-0"));
  assert.equal(styleFor(false).hue(stableNumber("web-0"), "web-0"), "web-0");
});
