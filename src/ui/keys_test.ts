import assert from "node:assert/strict";
import { distance } from "fastest-levenshtein";
import { registerAll } from "./register_panes.ts";
import { boundTo, keysOfAction, keyTable, problemText } from "./keys.ts";
import { keyProblem, normalKey } from "../terminal/key_name.ts";
import { PaneRegistry } from "./registry.ts";

const registry = new PaneRegistry();
registerAll(registry);
const kinds = registry.kinds();

Deno.test("no default key has two actions, in any kind of pane", () => {
  assert.deepEqual(keyTable({ kinds }).problems.map(problemText), []);
});

Deno.test("an action has one id, whatever the pane", () => {
  const does = new Map<string, string>();
  for (const [, { actions = [] }] of kinds) {
    for (const action of actions) {
      assert.match(action.id, /^[a-z]+(?:-[a-z0-9]+)*$/);
      assert.ok(action.keys.length > 0);
      does.set(action.id, action.does);
    }
  }
});

Deno.test("the settings replace the keys of an action, and a conflict names both actions", () => {
  const table = keyTable({ kinds, settings: { zoom: ["j"], quit: ["ctrl+q"] } });
  assert.deepEqual(table.problems.map(problemText), [
    "the key j has two actions: zoom and select-next",
  ]);
  const bound = boundTo(table, "resource-list", "j");
  assert.ok(bound !== "prefix" && bound?.action.id === "zoom");
  assert.deepEqual(keysOfAction(table, "", "quit"), ["ctrl-q"]);
  assert.equal(boundTo(table, "", "Q"), undefined);
  assert.equal(boundTo(table, "", "ctrl-w"), "prefix");
});

Deno.test("a setting for an unknown action names the nearest", () => {
  const [problem] = keyTable({ kinds, settings: { zom: ["z"] }, distance }).problems;
  assert.match(
    problem === undefined ? "" : problemText(problem),
    /no action "zom"; did you mean zoom/,
  );
});

Deno.test("a key that starts two-key bindings can't have an action of its own", () => {
  const [problem] = keyTable({ kinds, settings: { quit: ["ctrl-w"] } }).problems;
  assert.ok(problem?.kind === "conflict" && problem.key === "ctrl-w");
});

Deno.test("a key that no terminal sends is a problem of its setting, and isn't bound", () => {
  const table = keyTable({
    kinds,
    settings: { zoom: ["alt-m", "ctrl-shift-m"], quit: ["ctrl+i"] },
    toggles: [{ key: "pods", binding: "super+p" }, { key: "nodes", binding: "Ctrl+G" }],
  });
  assert.deepEqual(table.problems.map(problemText), [
    "ui.keys.zoom: no terminal sends the key ctrl-shift-m",
    "ui.keys.quit: terminals send the key ctrl-i as tab",
    "keybinding of the plugin pods: no terminal sends the key super+p",
  ]);
  assert.deepEqual(keysOfAction(table, "", "zoom"), ["alt-m"]);
  assert.deepEqual(keysOfAction(table, "", "quit"), []);
  assert.deepEqual(keysOfAction(table, "", "toggle-nodes"), ["ctrl-g"]);
});

Deno.test("every default key is one that terminals send", () => {
  const pressed = new Set(
    [...keyTable({ kinds }).bindings.values()].flatMap((one) => [...one.keys()]),
  );
  for (const key of pressed) {
    assert.equal(normalKey(key), key);
    assert.equal(keyProblem(key), undefined);
  }
});
