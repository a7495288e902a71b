/** Draws a picker's state. Pure: a state with a size gives a grid of that size. */
import {
  clipLine,
  clipText,
  type Grid,
  type Line,
  lineWidth,
  padLine,
  span,
} from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { type Area, layout } from "./layout.ts";
import type { Match } from "./search.ts";
import { isComplete } from "./search.ts";
import { activeLevel, isMarkable, type Level, type LevelKind, type PickState } from "./state.ts";
import { headerLine, rowLine, shownColumns } from "./view_row.ts";
import { helpScreen } from "./view_help.ts";
import { previewLines } from "./view_preview.ts";

/** Draws the whole picker. However small the screen is, no line is wider. */
export function view(state: PickState): Grid {
  const lines = state.help === undefined ? parts(state) : helpScreen(state);
  return { lines: lines.map((line) => clipLine(line, state.columns)) };
}

function parts(state: PickState): Line[] {
  const areas = layout(state);
  const main = mainLines(state, areas);
  const { preview } = areas;
  if (preview === undefined) return main;
  const pane = previewLines(state, preview);
  if (preview.column > 0) {
    const left = areas.list.columns;
    return main.map((line, index) => [...padLine(line, left), ...(pane[index] ?? [])]);
  }
  return [...pane, ...main];
}

function mainLines(state: PickState, parts: ReturnType<typeof layout>): Line[] {
  const { list: area, promptRow, infoRow, headerRow, preview } = parts;
  const above = preview !== undefined && preview.column === 0 ? preview.rows : 0;
  const lines: Line[] = Array.from({ length: state.rows - above }, () => []);
  const put = (row: number | undefined, line: Line) => {
    if (row !== undefined && row - above < lines.length) lines[row - above] = line;
  };
  listLines(state, area).forEach((line, index) => put(area.row + index, line));
  const level = activeLevel(state);
  put(headerRow, headerLine(state, level, shownColumns(state, level, area.columns), area.columns));
  put(infoRow, infoLine(state, level, area.columns));
  put(promptRow, promptLine(state, level, area.columns));
  return lines;
}

function listLines(state: PickState, area: Area): Line[] {
  const level = activeLevel(state);
  const { found } = level.list.search;
  const shown = found.slice(level.offset, level.offset + area.rows);
  const columns = shownColumns(state, level, area.columns);
  const lines = shown.map((match: Match) => rowLine(state, level, match, columns, area.columns));
  if (isEmpty(state, level)) lines.push(emptyLine(state, level));
  while (lines.length < area.rows) lines.push([]);
  return state.settings.layout === "reverse" ? lines : lines.reverse();
}

/** Returns whether the list is complete and empty. After an error this isn't known. */
function isEmpty(state: PickState, { list, loading }: Level): boolean {
  return !loading && list.rows.length === 0 && state.notice === undefined;
}

/** In a namespace without pods, a hint mentions that there are other namespaces. */
function emptyLine({ settings }: PickState, { kind }: Level): Line {
  if (kind !== "pods") return [span("  nothing here", "dim")];
  const others = settings.switches ? "; ctrl-s: another namespace" : "";
  return [span(`  no pods here${others}`, "dim")];
}

const prompts: Readonly<Record<LevelKind, string | undefined>> = {
  pods: undefined,
  containers: "container> ",
  namespaces: "namespace> ",
  contexts: "context> ",
};

/** Draws the query with a caret of its own: the terminal's cursor is hidden while rows are painted. */
function promptLine(state: PickState, level: Level, columns: number): Line {
  const full = prompts[level.kind] ?? state.settings.prompt;
  const prompt = displayWidth(full) + 4 > columns ? "> " : full;
  const room = Math.max(1, columns - displayWidth(prompt) - 1);
  const { text, caret } = level.line;
  // The part before the caret is clipped at its start, so that the text being typed stays visible.
  const before = clipText(text.slice(0, caret), room, "end");
  const [under = " "] = text.slice(caret, caret + 2);
  const after = clipText(text.slice(caret + under.length), room - displayWidth(before));
  return [
    span(prompt, "sign"),
    span(before),
    span(under, "caret"),
    ...(caret < text.length ? [span(after)] : []),
  ];
}

function infoLine(state: PickState, level: Level, columns: number): Line {
  const { list, loading } = level;
  const marked = isMarkable(state) && state.chosen.size > 0 ? ` (${state.chosen.size})` : "";
  const busy = loading ? " loading…" : isComplete(list.search) ? "" : " searching…";
  const line: Line[number][] = [
    span(`  ${list.search.found.length}/${list.rows.length}${marked}`, "warn"),
    span(busy, "dim"),
  ];
  /** Adds a text: a bad one is clipped if it doesn't fit, any other is omitted. */
  const say = (text: string, tone: "bad" | "dim"): boolean => {
    const room = columns - lineWidth(line) - 2;
    if (room < 4 || (tone === "dim" && displayWidth(text) > room)) return false;
    line.push(span(`  ${clipText(text, room)}`, tone));
    return true;
  };
  if (state.notice !== undefined) say(state.notice, "bad");
  const { purpose } = state.settings;
  if (purpose !== "" && state.notice === undefined) {
    // The most room that still leaves the hint of the help.
    const room = columns - lineWidth(line) - 4 - displayWidth(helpHint);
    if (room >= 8) line.push(span(`  ${clipText(purpose, room)}`));
  }
  const { context, namespace } = state.place;
  const place = [context, namespace].filter((one) => one !== undefined).join("/");
  if (place !== "") say(`in ${place}`, "dim");
  if (state.notice === undefined) say(hints(state, level), "dim") || say(helpHint, "dim");
  return line.filter(({ text }) => text !== "");
}

const helpHint = "?: help";

function hints(state: PickState, { kind }: Level): string {
  if (kind !== "pods") return `esc: back  ${helpHint}`;
  return [
    ...(state.settings.multi ? ["tab: choose"] : []),
    "→: containers",
    helpHint,
    ...(state.settings.switches ? ["^s: namespace", "^x: context"] : []),
  ].join("  ");
}
