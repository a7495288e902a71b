import assert from "node:assert/strict";
import fc from "fast-check";
import { lineText, lineWidth } from "../../terminal/grid.ts";
import type { PaneCommand } from "../pane.ts";
import { TextView, toLine } from "./text_view.ts";

const make = (lines: readonly string[], options: { follow?: boolean; wrap?: boolean } = {}) => {
  const view = new TextView({ follow: false, ...options, onChange: () => {} });
  view.append(lines);
  return view;
};
const shown = (view: TextView, columns = 20, rows = 3) =>
  view.view({ columns, rows }).map(lineText);

const command: fc.Arbitrary<PaneCommand> = fc.oneof(
  fc.constantFrom<PaneCommand>(
    { type: "select_next" },
    { type: "select_prev" },
    { type: "page_down" },
    { type: "page_up" },
    { type: "go_to_top" },
    { type: "go_to_bottom" },
    { type: "scroll_right" },
    { type: "toggle_follow" },
    { type: "toggle_wrap" },
    { type: "clear_filter" },
    { type: "back" },
  ),
  fc.constantFrom("a", "!a", "(", "木", "").map((query): PaneCommand => ({
    type: "filter",
    query,
  })),
  fc.constantFrom("b", "[", "").map((text): PaneCommand => ({ type: "search_input", text })),
);
const unit = fc.constantFrom(
  "a",
  "b",
  "木",
  "\t",
  "\x1b[31m",
  "\x1b[2J",
  "\x1b]0;x\x07",
  "\r",
  "\x07",
  " ",
);
const lines = fc.array(fc.string({ unit, maxLength: 60 }), { maxLength: 12 });

Deno.test("property: whatever is written and pressed, rows fit, and only colours come through", () => {
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 40 }),
    rows: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(fc.property(
    fc.array(fc.oneof(lines, command, size), { maxLength: 30 }),
    (changes) => {
      const view = make([], { follow: true });
      let last = { columns: 20, rows: 4 };
      for (const one of changes) {
        if (Array.isArray(one)) view.append(one);
        else if ("type" in one) view.handleCommand(one);
        else last = one;
        const drawn = view.view(last);
        assert.ok(drawn.length <= last.rows);
        for (const line of drawn) {
          // deno-lint-ignore no-control-regex -- control characters must not come through
          assert.doesNotMatch(lineText(line), /[\x00-\x1f\x7f]/);
          assert.ok(line.every(({ sgr = "0" }) => /^[\d;:]+$/.test(sgr)));
        }
      }
    },
  ));
});

Deno.test("the end is followed, wrapped or not, until someone scrolls up", () => {
  const view = make(["one", "two", "three", "four is longer than the pane"], { follow: true });
  assert.deepEqual(shown(view, 10), ["two", "three", "four is longer than the pane"]);
  view.handleCommand({ type: "toggle_wrap" });
  assert.deepEqual(shown(view, 10), ["four is lo", "nger than ", "the pane"]);
  view.handleCommand({ type: "go_to_top" });
  view.append(["five"]);
  assert.equal(shown(view, 10)[0], "one");
  view.handleCommand({ type: "toggle_follow" });
  assert.equal(shown(view, 10).at(-1), "five");
});

Deno.test("a filter counts for lines that come later, and a search marks its matches", () => {
  const view = make(["error: a", "fine", "Error: b"]);
  view.handleCommand({ type: "filter", query: "error" });
  view.append(["no", "error: c"]);
  assert.deepEqual(shown(view, 20, 5), ["error: a", "Error: b", "error: c"]);
  assert.equal(view.text, "error: a\nError: b\nerror: c\n");
  view.handleCommand({ type: "clear_filter" });
  view.handleCommand({ type: "search_input", text: "fine" });
  const [first] = view.view({ columns: 20, rows: 3 });
  assert.deepEqual(first, [{ text: "fine", tone: "match" }]);
});

Deno.test("the next match is found from here on, and from the start after the end", () => {
  const view = make(["x1", "a", "x2", "b", "x3"]);
  view.handleCommand({ type: "search_input", text: "x" });
  const seen = [1, 2, 3].map(() => {
    view.act("next-match");
    return shown(view, 5, 1)[0];
  });
  assert.deepEqual(seen, ["x2", "x3", "x1"]);
});

Deno.test("old lines are dropped, and what is shown stays", () => {
  const view = make(Array.from({ length: 20_000 }, (_, index) => `line ${index}`));
  for (let index = 0; index < 5000; index++) view.handleCommand({ type: "scroll_down" });
  assert.deepEqual(shown(view, 20, 1), ["line 5000"]);
  view.append(["one more"]);
  assert.deepEqual(shown(view, 20, 1), ["line 5000"]);
  assert.equal(view.length, 18_001);
});

Deno.test("a document is held and given as a whole; only the screen cuts its lines and escapes", () => {
  const long = `app.json: ${"x".repeat(20_000)}`;
  const lines = Array.from({ length: 21_000 }, (_, index) => `- ${index}`);
  const document = [`title: "\u202emoc.live"`, long, "a\u2028b\rc", ...lines, ""].join("\n");
  const view = make([]);
  view.replace("before\n");
  view.replace(document);
  assert.equal(view.text, document);
  assert.equal(view.extent, undefined);
  assert.doesNotMatch(lineText(view.status), /dropped/);
  const [title = "", cut = ""] = shown(view, 9000, 2);
  assert.match(title, /\\u202e/);
  assert.ok(cut.startsWith("app.json: xxx") && cut.trimEnd().endsWith("…"));
});

Deno.test("a stream gives whole lines, and says which of them are held", () => {
  const long = `${"x".repeat(1_500_000)} end`;
  const view = make([long, "\x1b[31mred\x1b[0m", "10%\r20%"]);
  assert.equal(view.text, `${long}\nred\n10%\r20%\n`);
  assert.equal(view.extent, undefined);
  view.handleCommand({ type: "filter", query: "%" });
  assert.equal(view.text, "10%\r20%\n");
  assert.equal(view.extent, "the 1 matching lines");
  const full = make(Array.from({ length: 20_001 }, (_, index) => `line ${index}`));
  assert.equal(full.extent, "the last 18001 lines");
  assert.ok(full.text.startsWith("line 2000\n"));
});

Deno.test("a stream holds a limited number of characters", () => {
  const view = make(Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(1 << 20)}`));
  assert.equal(view.extent, `the last ${view.length} lines`);
  assert.ok(view.length > 10 && view.length <= 64, String(view.length));
  assert.ok(view.text.startsWith(`${100 - view.length} `));
});

Deno.test("toLine() gives a program's colours to spans, and blanks for tabs", () => {
  assert.deepEqual(toLine("a\x1b[31mb\x1b[1mc\x1b[0md\te"), [
    { text: "a", tone: "plain" },
    { text: "b", tone: "plain", sgr: "31" },
    { text: "c", tone: "plain", sgr: "31;1" },
    { text: "d    e", tone: "plain" },
  ]);
  assert.equal(lineWidth(toLine("ab\tc")), 9);
});

Deno.test("a filter looks at whole lines, also where the screen cuts them", () => {
  const long = `${"x".repeat(9000)} needle`;
  const view = make([long, "hay"]);
  view.handleCommand({ type: "filter", query: "needle" });
  assert.equal(view.text, `${long}\n`);
  view.append([`2 ${long}`, "hay"]);
  assert.equal(view.text, `${long}\n2 ${long}\n`);
});

Deno.test("the part of a document that was read is said", () => {
  const view = make([]);
  view.replace("a\nb\n", "the first 4 MiB");
  assert.equal(view.extent, "the first 4 MiB");
  assert.match(lineText(view.status), /the first 4 MiB/);
  view.replace("a\nb\n");
  assert.equal(view.extent, undefined);
});
