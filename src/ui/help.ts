/** Help, made of the key table: the actions of the focused pane, those of the program, and why one can't be used now. */
import { type Line, span } from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { wrap } from "../terminal/wrap.ts";
import { type Bound, keysOfAction, problemText, programActions } from "./keys.ts";
import { currentTab, type UiState } from "./state.ts";
import { type PaneLookup, refusalOf } from "./step.ts";

const headings = {
  panes: "Panes",
  tabs: "Tabs",
  content: "In a pane",
  program: "Program",
} as const;

/** Columns of the keys; an action with more of them has them on a line of its own. */
const keyColumns = 24;

/** Returns all lines of help. */
export function helpLines(state: UiState, lookup: PaneLookup, columns: number): Line[] {
  const tab = currentTab(state);
  const kind = tab === undefined ? "" : state.panes.get(tab.focused)?.key ?? "";
  const own = new Map(
    [...(state.keys.bindings.get(kind) ?? []).values()].map((bound) => [bound.action.id, bound]),
  );
  const toggles = [...(state.keys.bindings.get("") ?? []).values()]
    .filter((bound) => bound.kind === "toggle");
  const rows = (bounds: Iterable<Bound>): Line[] =>
    [...bounds].flatMap((bound) => {
      const keys = keysOfAction(state.keys, kind, bound.action.id);
      const reason = refusalOf(state, bound, lookup);
      return row(keys.join(", "), bound.action.does, reason, columns);
    });
  const groups = Object.entries(headings).map(([group, title]): Line[] => [
    [],
    [span(title, "strong")],
    ...rows(
      programActions.filter((action) => action.group === group)
        // Nine tabs are one line.
        .filter(({ id }) => !/^tab-[2-9]$/.test(id))
        .map((action) => ({ kind: "program", action })),
    ),
  ]);
  return [
    ...(own.size === 0 ? [] : [[span(kind, "strong")], ...rows(own.values())]),
    ...(toggles.length === 0 ? [] : [[], [span("Plugins", "strong")], ...rows(toggles)]),
    ...groups.flat().slice(own.size + toggles.length === 0 ? 1 : 0),
    ...(state.keys.problems.length === 0 ? [] : [
      [],
      [span("Problems of the keys", "bad")],
      ...state.keys.problems.map((one): Line => [span(`  ${problemText(one)}`, "bad")]),
    ]),
  ];
}

function row(keys: string, does: string, reason: string | undefined, columns: number): Line[] {
  const text = reason === undefined ? does : `${does} (not now: ${reason})`;
  const tone = reason === undefined ? "plain" : "dim";
  const wrapped = wrap(text, Math.max(10, columns - keyColumns - 4));
  const [first = "", ...others] = wrapped;
  const margin = " ".repeat(keyColumns + 4);
  const rest = others.map((line): Line => [span(margin + line, tone)]);
  const width = displayWidth(keys);
  if (width > keyColumns) {
    return [[span(`  ${keys}`, "sign")], [span(margin + first, tone)], ...rest];
  }
  const gap = " ".repeat(keyColumns - width + 2);
  return [[span(`  ${keys}`, "sign"), span(gap), span(first, tone)], ...rest];
}
