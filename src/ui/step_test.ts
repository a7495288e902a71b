import assert from "node:assert/strict";
import fc from "fast-check";
import { type Grid, lineText, lineWidth, span } from "../terminal/grid.ts";
import { GridPainter } from "../terminal/grid_painter.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import { TinyTerminal } from "../terminal/testing/tiny_terminal.ts";
import { programActions } from "./actions.ts";
import { keyTable } from "./keys.ts";
import type { Pane, PaneId } from "./pane.ts";
import {
  currentTab,
  emptyState,
  type PaneState,
  shownPanes,
  type UiEffect,
  type UiState,
} from "./state.ts";
import { step, type UiEvent } from "./step.ts";
import { panesOf } from "./tiles.ts";
import { view } from "./view.ts";

const kinds = [
  ["resource-list", { actions: [{ id: "logs", keys: ["l"], does: "show logs" }] }],
  ["terminal", {}],
] as const;
const keys = keyTable({ kinds });

interface Looks extends Partial<PaneState> {
  refused?: string;
}

const lookup = (state: UiState, looks: Looks = {}) => (id: PaneId): PaneState | undefined => {
  const open = state.panes.get(id);
  return open && {
    takesKeys: open.key === "terminal",
    find: "filter",
    config: open.config,
    running: undefined,
    refusal: () => looks.refused,
    ...looks,
  };
};

/** Applies events; returns the state and all effects. */
function run(state: UiState, events: readonly UiEvent[], looks: Looks = {}) {
  const effects: UiEffect[] = [];
  for (const event of events) {
    const stepped = step(state, event, (id) => lookup(state, looks)(id));
    state = stepped.state;
    effects.push(...stepped.effects);
  }
  return { state, effects };
}

const key = (name: string): UiEvent => ({
  kind: "input",
  input: name.length === 1 ? { kind: "text", text: name } : { kind: "key", key: name },
  isAlone: true,
});

const start = run(emptyState({ size: { columns: 60, rows: 12 }, nowMs: 0, keys }), [
  { kind: "open", where: "tab", key: "resource-list", config: { kind: "pods" } },
]).state;

const press = (state: UiState, names: readonly string[], looks: Looks = {}) =>
  run(state, names.map(key), looks);

const panes = (state: UiState) => state.tabs.map(({ tiles }) => panesOf(tiles));

const pane = (id: PaneId): Pane => ({
  title: `pane ${id}`,
  status: [span("12", "dim")],
  view: ({ columns, rows }) =>
    Array.from({ length: rows }, (_, row) => [span(`${id}.${row} 木`.repeat(columns), "good")]),
  handleCommand: () => {},
});

const draw = (state: UiState): Grid => view(state, { pane, lookup: lookup(state) });

const anyKey = fc.constantFrom(
  ...programActions.flatMap((action) => action.keys.flatMap((keys) => keys.split(" "))),
  "l",
  "x",
  "enter",
  "esc",
);
const size = fc.record({
  columns: fc.integer({ min: 1, max: 130 }),
  rows: fc.integer({ min: 1, max: 40 }),
});
const event: fc.Arbitrary<UiEvent> = fc.oneof(
  { weight: 6, arbitrary: anyKey.map(key) },
  { weight: 2, arbitrary: size.map((size): UiEvent => ({ kind: "resize", size })) },
  fc.record({
    action: fc.constantFrom("click" as const, "wheelUp" as const, "wheelDown" as const),
    column: fc.nat(130),
    row: fc.nat(40),
  }).map((mouse): UiEvent => ({ kind: "input", input: { kind: "mouse", ...mouse } })),
  fc.string({ maxLength: 200 }).map((text): UiEvent => ({ kind: "toast", text, tone: "bad" })),
  fc.constantFrom<UiEvent>(
    { kind: "ask", id: 1, question: { kind: "confirm", lines: ["delete\x1b[2J", "  web-0 木木"] } },
    {
      kind: "ask",
      id: 2,
      question: { kind: "choose", label: "kind", choices: [{ value: "pods" }, { value: "木" }] },
    },
    { kind: "ask", id: 3, question: { kind: "line", label: "name:", text: "木木 abc" } },
    { kind: "open", where: "right", key: "terminal", config: {} },
    { kind: "clock", nowMs: 9000 },
  ),
);

Deno.test("property: after any keys, clicks and sizes a frame fits the screen, and the focused pane is open", () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    let state = start;
    for (const one of events) {
      ({ state } = run(state, [one]));
      const { lines } = draw(state);
      assert.equal(lines.length, state.size.rows);
      for (const line of lines) {
        assert.ok(lineWidth(line) <= state.size.columns, lineText(line));
        // deno-lint-ignore no-control-regex -- control characters must not come through
        assert.doesNotMatch(lineText(line), /[\x00-\x1f\x7f]/);
      }
      const all = panes(state).flat();
      assert.deepEqual([...state.panes.keys()].toSorted(), all.toSorted(), "each pane has a tile");
      for (const tab of state.tabs) assert.ok(panesOf(tab.tiles).includes(tab.focused));
    }
  }));
});

Deno.test("property: under resize storms the screen after differences is that of a full redraw", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), (events) => {
      let state = start;
      let terminal = new TinyTerminal(state.size.columns, state.size.rows);
      const painter = new GridPainter({ area: "screen", color: true, mouse: true });
      terminal.write(painter.start());
      for (const one of events) {
        ({ state } = run(state, [one]));
        if (one.kind === "resize") {
          terminal = new TinyTerminal(state.size.columns, state.size.rows);
          terminal.write(painter.resized(state.size.columns));
        }
        const grid = draw(state);
        terminal.write(painter.paint(grid));
        const fresh = new TinyTerminal(state.size.columns, state.size.rows);
        fresh.write(new GridPainter({ area: "screen", color: true, mouse: true }).paint(grid));
        assert.deepEqual(terminal.lines, fresh.lines);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("a split opens another pane of the kind beside it, and closing the last pane quits", () => {
  const { state, effects } = press(start, ["alt-v"]);
  assert.deepEqual(panes(state).map((one) => one.length), [2]);
  const [open] = effects;
  assert.ok(
    open?.kind === "open" && open.key === "resource-list" && open.config["kind"] === "pods",
  );
  const closed = press(state, ["q", "q"]);
  assert.deepEqual(closed.effects.map(({ kind }) => kind), ["close", "close", "quit"]);
  assert.equal(closed.state.tabs.length, 0);
});

Deno.test("the focus moves by direction and in turn, and with a click", () => {
  const two = press(start, ["alt-v"]).state;
  const [left, right] = panes(two)[0] ?? [];
  assert.equal(currentTab(two)?.focused, right);
  assert.equal(currentTab(press(two, ["alt-left"]).state)?.focused, left);
  assert.equal(currentTab(press(two, ["ctrl-w", "h"]).state)?.focused, left);
  assert.equal(currentTab(press(two, ["tab"]).state)?.focused, left);
  const clicked = run(two, [
    { kind: "input", input: { kind: "mouse", action: "click", column: 3, row: 4 } },
  ]);
  assert.equal(currentTab(clicked.state)?.focused, left);
  assert.deepEqual(clicked.effects, [{ kind: "click", pane: left, column: 3, row: 2 }]);
});

Deno.test("a zoomed pane is alone on the screen, and a split ends that", () => {
  const zoomed = press(start, ["alt-v", "alt-z"]).state;
  assert.equal(shownPanes(zoomed).length, 1);
  assert.equal(shownPanes(press(zoomed, ["alt-s"]).state).length, 3);
});

Deno.test("a disabled key says why, and does nothing", () => {
  const { state, effects } = press(start, ["l"], { refused: "no row is selected" });
  assert.deepEqual([state.toasts.at(-1)?.text, effects], ["no row is selected", []]);
  assert.equal(press(start, ["alt-z"]).state.toasts[0]?.text, "there is only one pane in this tab");
  assert.equal(press(start, ["alt-3"]).state.toasts[0]?.text, "there is no tab 3");
});

Deno.test("a pane in which a program runs gets every key but those with Alt that are bound", () => {
  const { state } = run(start, [{ kind: "open", where: "right", key: "terminal", config: {} }]);
  const inputs = (...names: string[]) => press(state, names).effects.map(({ kind }) => kind);
  assert.deepEqual(
    inputs("q", "ctrl-c", "tab", "ctrl-w", "esc", "alt-f", "?"),
    Array(7).fill("input"),
  );
  assert.equal(currentTab(press(state, ["alt-left"]).state)?.focused, panes(state)[0]?.[0]);
});

Deno.test("a plugin's key without Ctrl or Alt is the program's, while one runs in the pane", () => {
  const table = keyTable({ kinds, toggles: [{ key: "resource-list", binding: "f5" }] });
  const { state } = run({ ...start, keys: table }, [
    { kind: "open", where: "right", key: "terminal", config: {} },
  ]);
  assert.deepEqual(press(start, ["f5"]).effects, [], "it isn't bound by default");
  assert.deepEqual(press(state, ["f5"]).effects.map(({ kind }) => kind), ["input"]);
});

Deno.test("at most three messages are shown, the newest", () => {
  const { state } = run(
    start,
    [1, 2, 3, 4].map((number) => ({ kind: "toast", text: `${number}`, tone: "dim" })),
  );
  assert.deepEqual(state.toasts.map(({ text }) => text), ["2", "3", "4"]);
});

Deno.test("if a pane of an earlier tab closes the tab, the current one stays", () => {
  const open: UiEvent = { kind: "open", where: "tab", key: "resource-list", config: {} };
  const { state } = run(start, [open, open]);
  const [first = 0] = panes(state)[0] ?? [];
  const middle = { ...state, at: 1 };
  const { state: closed } = run(middle, [{ kind: "close", pane: first }]);
  assert.equal(currentTab(closed)?.id, currentTab(middle)?.id);
});

Deno.test("what runs in a pane isn't ended without a question", () => {
  const looks = { running: "sleep 100 in 3 pods" };
  for (const [name, close] of [["q", panes(start)[0]?.[0]], ["Q", undefined]] as const) {
    const { state, effects } = press(start, [name], looks);
    assert.deepEqual(effects, [{ kind: "endRunning", running: [looks.running], close }]);
    assert.equal(state.panes.size, 1);
  }
});

Deno.test("a filter follows each key; Enter keeps it, Esc clears it", () => {
  const { state, effects } = press(start, ["/", "w", "e", "enter"]);
  const commands = effects.flatMap((one) => one.kind === "command" ? [one.command] : []);
  assert.deepEqual(commands, [{ type: "filter", query: "w" }, { type: "filter", query: "we" }]);
  assert.equal(state.dialog, undefined);
  const cleared = press(start, ["/", "w", "esc"]).effects.at(-1);
  assert.ok(cleared?.kind === "command" && cleared.command.type === "clear_filter");
});

Deno.test("a question waits for the one before it; no and Esc decline", () => {
  const ask = (id: number): UiEvent => ({
    kind: "ask",
    id,
    question: { kind: "confirm", lines: [`${id}?`] },
  });
  const { state } = run(start, [ask(1), ask(2), ask(3)]);
  const { effects } = press(state, ["y", "n", "esc"]);
  assert.deepEqual(effects.map((one) => one.kind === "answer" ? [one.id, one.value] : []), [
    [1, "yes"],
    [2, undefined],
    [3, undefined],
  ]);
});

Deno.test("a choice is found by its parts, and what isn't offered can be typed", () => {
  const choose = (names: readonly string[]) => {
    const question = {
      kind: "choose" as const,
      label: "kind",
      choices: [{ value: "replicasets" }, { value: "statefulsets", detail: "StatefulSet sts" }],
    };
    const { state } = run(start, [{ kind: "ask", id: 7, question }]);
    const [answer] = press(state, names).effects;
    return answer?.kind === "answer" ? answer.value : "no answer";
  };
  assert.equal(choose(["s", "t", "s", "enter"]), "statefulsets");
  assert.equal(choose(["down", "enter"]), "statefulsets");
  assert.equal(choose(["z", "z", "enter"]), "zz");
  assert.equal(choose(["esc"]), undefined);
});

Deno.test("a tab's other context opens its panes again, except where something runs", () => {
  const { state } = press(start, ["alt-v"]);
  const scope = { context: "prod", namespaces: { kind: "all" } } as const;
  const tab = state.tabs[0]?.id ?? 0;
  const kinds = (looks: Looks) =>
    run(state, [{ kind: "scope", tab, scope }], looks).effects.map(({ kind }) => kind);
  assert.deepEqual(kinds({}), ["close", "open", "close", "open"]);
  assert.deepEqual(kinds({ running: "a run" }), []);
});

Deno.test("a plugin's key opens its pane and closes it", () => {
  const table = keyTable({ kinds, toggles: [{ key: "terminal", binding: "ctrl+d" }] });
  assert.deepEqual(table.problems, [
    { kind: "conflict", key: "ctrl-d", actions: ["page-down", "toggle-terminal"] },
  ]);
  const free = keyTable({ kinds, toggles: [{ key: "resource-list", binding: "ctrl+t" }] });
  assert.deepEqual(free.problems, []);
  const closed = press({ ...start, keys: free }, ["ctrl-t"]);
  assert.deepEqual(closed.effects.map(({ kind }) => kind), ["close", "quit"]);
});

const typed = (text: string): TerminalInput => ({ kind: "text", text });

const pasted = (text: string): UiEvent => ({ kind: "input", input: { kind: "paste", text } });

/** Returns the answer to a line that is asked for, and why the last paste was refused. */
function answerOf(keepsLines: boolean, events: readonly UiEvent[]) {
  const question = { kind: "line", label: "name:", keepsLines } as const;
  const { state } = run(start, [{ kind: "ask", id: 1, question }, ...events]);
  const { dialog } = state;
  const [effect] = run(state, [key("enter")]).effects;
  return {
    answer: effect?.kind === "answer" ? effect.value : undefined,
    refusal: dialog?.kind === "line" ? dialog.refusal : undefined,
    shown: draw(state).lines.map(lineText).at(-1)?.trim(),
  };
}

Deno.test("a paste in a line is inserted whole, or refused with the reason", () => {
  const text: UiEvent = { kind: "input", input: typed("qQ ") };
  const table: [
    keepsLines: boolean,
    events: readonly UiEvent[],
    answer: string,
    refusal?: string,
  ][] = [
    [false, [text, pasted("a b\r")], "qQ a b"],
    [
      false,
      [text, pasted("a\rb")],
      "qQ ",
      "several lines were pasted, and this takes one: nothing was inserted",
    ],
    [false, [pasted("a\rb"), text], "qQ "],
    [
      false,
      [pasted("x".repeat(1200))],
      "",
      "paste of 1,200 characters dropped: over the limit of 1,000",
    ],
    [
      false,
      [{ kind: "input", input: { kind: "droppedPaste", characters: 20_000_000 } }],
      "",
      "paste of 20,000,000 characters dropped: over the limit of 16,777,216",
    ],
    [true, [pasted("a -- one\r\nb\n")], "a -- one\nb\n"],
    [true, [pasted("x".repeat(1200))], "x".repeat(1200)],
    [true, [text, { kind: "input", input: typed("\n") }, text], "qQ \nqQ "],
  ];
  for (const [keepsLines, events, answer, refusal] of table) {
    const result = answerOf(keepsLines, events);
    assert.deepEqual([result.answer, result.refusal], [answer, refusal]);
  }
  assert.equal(answerOf(true, [pasted("a\r\n\tb\n")]).shown, "name: a↵ b↵");
  assert.match(answerOf(false, [pasted("a\nb")]).shown ?? "", /^several lines were pasted/);
});

Deno.test("a question is answered by a key that comes alone, and by nothing else", () => {
  const asked: UiEvent = { kind: "ask", id: 1, question: { kind: "confirm", lines: ["delete?"] } };
  const y: TerminalInput = typed("y");
  const answers = (...events: readonly UiEvent[]) =>
    run(start, [asked, ...events]).effects.map((one) =>
      one.kind === "answer" ? one.value : one.kind
    );
  const burst = (input: TerminalInput): UiEvent => ({ kind: "input", input, isAlone: false });
  assert.deepEqual(answers(key("y")), ["yes"]);
  assert.deepEqual(answers(key("n")), [undefined]);
  assert.deepEqual(
    answers(burst(y), burst(typed("n")), burst(typed("yes")), pasted("y"), burst(typed("\n"))),
    [],
  );
  assert.deepEqual(answers(burst({ kind: "key", key: "ctrl-c" })), [undefined]);
});

Deno.test("a paste into a list, a question or help does nothing, and one that was dropped is a message", () => {
  const asked: UiEvent = { kind: "ask", id: 1, question: { kind: "confirm", lines: ["delete?"] } };
  for (const opened of [start, run(start, [asked]).state, press(start, ["?"]).state]) {
    const { state, effects } = run(opened, [
      pasted("y\r"),
      { kind: "input", input: { kind: "droppedPaste", characters: 20_000_000 } },
    ]);
    assert.deepEqual([effects, state.dialog], [[], opened.dialog]);
    assert.match(state.toasts.at(-1)?.text ?? "", /^paste of 20,000,000 characters dropped/);
  }
  const help = press(start, ["?"]).state;
  assert.equal(run(help, [pasted("y")]).state.dialog?.kind, "help");
});
