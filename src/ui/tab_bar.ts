/** The labels of the tabs, and where they are: drawn in the first row, and clicked there. */
import { clipLine, clipText, type Line, lineWidth, span } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { displayWidth } from "../terminal/width.ts";
import { contextOf, currentTab, type UiState } from "./state.ts";

/** A label, and its columns. */
interface TabLabel {
  index: number;
  text: string;
  start: number;
  end: number;
}

/** A longer name says no more. */
const maxColumns = 24;

function labelTexts({ tabs, panes }: UiState): string[] {
  return tabs.map((tab, index) => {
    const open = panes.get(tab.focused);
    const kind = open?.config["kind"];
    const name = tab.name ?? (typeof kind === "string" ? kind : open?.key ?? "");
    return ` ${index + 1} ${clipText(printable(name), maxColumns)} `;
  });
}

/** Returns the labels of as many tabs as fit beside the scope, the current one among them. */
export function tabLabels(state: UiState): TabLabel[] {
  const { at } = state;
  const columns = state.size.columns - lineWidth(scopeLine(state));
  const texts = labelTexts(state);
  const widths = texts.map(displayWidth);
  const sum = (from: number, to: number) => widths.slice(from, to).reduce((a, b) => a + b, 0);
  let first = 0;
  while (first < at && sum(first, at + 1) > columns) first++;
  let start = 0;
  return texts.slice(first).flatMap((text, offset) => {
    const end = start + (widths[first + offset] ?? 0);
    if (end > columns && offset > 0) return [];
    const label = { index: first + offset, text, start, end };
    start = end;
    return [label];
  });
}

/**
 * Returns where the panes of the current tab are: the context, in the colour of its policy, and the namespaces; beside
 * them the user and the server, if there is room. It takes half of the screen from many tabs.
 */
export function scopeLine(state: UiState): Line {
  const tab = currentTab(state);
  if (tab === undefined) return [];
  const { scope } = tab;
  const context = contextOf(state, tab);
  const name = scope.context ?? context?.name ?? "";
  const policy = context?.policy ?? "allow";
  const names = {
    default: () => context?.namespace ?? (context === undefined ? "" : "default"),
    all: () => "all namespaces",
    named: () => scope.namespaces.kind === "named" ? scope.namespaces.names.join(", ") : "",
  }[scope.namespaces.kind]();
  const where = [
    ...(name === "" ? [] : [span(printable(name), contextTones[policy])]),
    ...(policy === "allow" ? [] : [span(` (${policy})`, contextTones[policy])]),
    ...(names === "" ? [] : [span(`${name === "" ? "" : " · "}${printable(names)}`, "strong")]),
  ];
  const labels = displayWidth(labelTexts(state).join(""));
  const room = Math.max(Math.floor(state.size.columns / 2), state.size.columns - labels) - 1;
  const by = [context?.user, context?.server?.replace(/^https:\/\//, "")];
  const more = printable(by.filter((part) => part !== undefined).join(" @ "));
  const whole = more === "" ? where : [span(`${more}  `, "dim"), ...where];
  if (lineWidth(where) === 0) return [];
  return [span(" "), ...clipLine(lineWidth(whole) < room ? whole : where, room)];
}

const contextTones = { "allow": "strong", "ask": "warn", "read-only": "bad" } as const;
