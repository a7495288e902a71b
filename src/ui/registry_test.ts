import assert from "node:assert/strict";
import { lineText } from "../terminal/grid.ts";
import type { Pane, PaneContext } from "./pane.ts";
import { PaneRegistry } from "./registry.ts";
import { defaultTheme } from "./theme.ts";

const context = { theme: defaultTheme, pane: 1 } as PaneContext;
const pane: Pane = { title: "one", view: () => [], handleCommand: () => {} };
const text = (one: Pane | undefined) =>
  one?.view({ columns: 60, rows: 5 }, { focused: true, nowMs: 0 }).map(lineText).join(" ");

Deno.test("`create()` returns what the factory of the key makes, and nothing for an unknown key", () => {
  const registry = new PaneRegistry();
  registry.register("my-view", () => pane);
  assert.equal(registry.create("my-view", context), pane);
  assert.equal(registry.create("other", context), undefined);
});

Deno.test("an unknown key and a factory that throws open a pane with the error", () => {
  const registry = new PaneRegistry();
  registry.register("broken", () => {
    throw new Error("no \x1b[2Jluck");
  });
  const unknown = registry.open("brokn", context);
  assert.match(text(unknown) ?? "", /there is no pane "brokn"; the panes are broken/);
  const [line] = unknown.view({ columns: 60, rows: 5 }, { focused: true, nowMs: 0 });
  assert.equal(line?.[0]?.tone, defaultTheme.error);
  assert.equal(text(registry.open("broken", context)), "no \\x1b[2Jluck");
});

for (const key of ["MyView", "my_view", "-a", "a-", "a--b", "", "1a"]) {
  Deno.test(`the key "${key}" is refused: keys are in kebab-case`, () => {
    assert.throws(() => new PaneRegistry().register(key, () => pane), /not a name of a pane/);
  });
}

Deno.test("registering a key twice is an error, and the first one stays", () => {
  const registry = new PaneRegistry();
  registry.register("my-view", () => pane);
  assert.throws(
    () => registry.register("my-view", () => ({ ...pane })),
    /two panes named "my-view"/,
  );
  assert.equal(registry.create("my-view", context), pane);
});
