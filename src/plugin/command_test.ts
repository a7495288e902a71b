/** The commands of panes, and which of them plugins get. */
import assert from "node:assert/strict";
import { type PaneCommand, parsePluginCommand, plainCommands, pluginCommandOf } from "./command.ts";

Deno.test("each of the 22 commands of panes has its form for plugins, or none", () => {
  const plain = plainCommands.map((type): [PaneCommand, string | undefined] => [
    { type },
    `{"type":"${type}"}`,
  ]);
  const table: [PaneCommand, string | undefined][] = [
    ...plain,
    [{ type: "send_input", text: "é\n" }, '{"type":"send_input","text":"é\\n"}'],
    [{ type: "filter", query: "web" }, '{"type":"filter","query":"web"}'],
    [{ type: "search_input", text: "x" }, undefined],
    [{ type: "search_confirm" }, undefined],
    [{ type: "search_clear" }, undefined],
    [{ type: "sort_by_column", column: "age" }, undefined],
    [{ type: "toggle_sort_order" }, undefined],
  ];
  assert.equal(new Set(table.map(([{ type }]) => type)).size, 22);
  for (const [command, json] of table) {
    const mapped = pluginCommandOf(command);
    assert.equal(mapped === undefined ? undefined : JSON.stringify(mapped), json);
    if (mapped !== undefined) assert.deepEqual(parsePluginCommand(mapped), mapped);
  }
});

Deno.test("what isn't a command isn't taken for one", () => {
  const others = [null, "scroll_up", {}, { type: "sort_by_column", column: "a" }];
  const wrong = [{ type: "send_input" }, { type: "focus", focused: 1 }, {
    type: "resize",
    width: -1,
    height: 2,
  }];
  for (const value of [...others, ...wrong]) assert.equal(parsePluginCommand(value), undefined);
});
