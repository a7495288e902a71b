import assert from "node:assert/strict";
import { lineText } from "../terminal/grid.ts";
import { bindings, step } from "./step.ts";
import { helpSections } from "./view_help.ts";
import { activeLevel, type PickState } from "./state.ts";
import { key, picker, sampleSettings, typed } from "./testing/sample_picker.ts";
import { view } from "./view.ts";

const names = ["web-0", "web-1"];

const screen = (state: PickState) => view(state).lines.map(lineText).join("\n");

Deno.test("the help names every key that does something", () => {
  const named = helpSections(sampleSettings).flatMap(({ rows }) => rows).flatMap(({ keys }) =>
    keys
  );
  // Faster scrolling is in the text of the row before.
  const shown = new Set([...named, "alt-up", "alt-down"]);
  assert.deepEqual(Object.keys(bindings).filter((one) => !shown.has(one)), []);
});

Deno.test("the help names no key that does nothing here", () => {
  const few = helpSections({ ...sampleSettings, multi: false, switches: false })
    .flatMap(({ rows }) => rows).flatMap(({ keys }) => keys);
  for (const absent of ["tab", "alt-a", "ctrl-s", "ctrl-x"]) assert.ok(!few.includes(absent));
});

Deno.test("? shows the help; esc, ? and q go back to the list as it was", () => {
  const list = step(picker(names), typed("w"));
  for (const leave of [key("esc"), typed("?"), typed("q"), key("f1"), key("enter")]) {
    const help = step(list, typed("?"));
    assert.match(screen(help), /^Select\n/);
    const back = step(help, leave);
    assert.equal(screen(back), screen(list));
    assert.equal(activeLevel(back).line.text, "w");
    assert.equal(back.outcome.kind, "open");
  }
});

Deno.test("ctrl-c leaves the picker from the help, and other keys don't reach the list", () => {
  const help = step(picker(names), key("f1"));
  assert.equal(step(help, key("ctrl-c")).outcome.kind, "aborted");
  for (const other of [key("tab"), typed("x"), key("ctrl-u"), key("ctrl-s")]) {
    assert.equal(step(help, other), help);
  }
});

Deno.test("every line of the help can be scrolled to, however small the screen is", () => {
  for (const [columns, rows] of [[20, 2], [20, 8], [44, 5], [10, 3], [200, 60]] as const) {
    let state = step(picker(names, {}, { columns, rows }), key("f1"));
    const seen = new Set<string>();
    for (let turn = 0; turn < 400; turn++) {
      for (const line of view(state).lines) seen.add(lineText(line).trim());
      state = step(state, key("down"));
    }
    const all = [...seen].join("\n");
    assert.match(all, /ctrl-y/);
    const last = screen(state);
    assert.equal(screen(step(state, key("page-down"))), last);
    assert.ok(!last.includes("more below"), last);
  }
});
