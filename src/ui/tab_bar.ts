/** The labels of the tabs, and where they are: drawn in the first row, and clicked there. */
import { clipText } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { displayWidth } from "../terminal/width.ts";
import type { PaneScope } from "./pane.ts";
import type { UiState } from "./state.ts";

/** A label, and its columns. */
interface TabLabel {
  index: number;
  text: string;
  start: number;
  end: number;
}

/** A longer name says no more. */
const maxColumns = 24;

/** Returns the labels of as many tabs as fit, the current one among them. */
export function tabLabels({ tabs, at, panes, size }: UiState): TabLabel[] {
  const texts = tabs.map((tab, index) => {
    const open = panes.get(tab.focused);
    const kind = open?.config["kind"];
    const name = tab.name ?? (typeof kind === "string" ? kind : open?.key ?? "");
    return ` ${index + 1} ${clipText(printable(name), maxColumns)} `;
  });
  const widths = texts.map(displayWidth);
  const sum = (from: number, to: number) => widths.slice(from, to).reduce((a, b) => a + b, 0);
  let first = 0;
  while (first < at && sum(first, at + 1) > size.columns) first++;
  let start = 0;
  return texts.slice(first).flatMap((text, offset) => {
    const end = start + (widths[first + offset] ?? 0);
    if (end > size.columns && offset > 0) return [];
    const label = { index: first + offset, text, start, end };
    start = end;
    return [label];
  });
}

/** Returns the context and the namespaces of a tab as one text. */
export function scopeText({ context, namespaces }: PaneScope): string {
  const names = {
    default: () => "",
    all: () => "all namespaces",
    named: () => namespaces.kind === "named" ? namespaces.names.join(", ") : "",
  }[namespaces.kind]();
  return printable([context, names].filter((one) => one !== undefined && one !== "").join(" · "));
}
