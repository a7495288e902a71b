/** The state of a picker. Only `step` changes it and only `view` shows it. */
import type { Line } from "../terminal/grid.ts";
import { type EditLine, editLine } from "../terminal/edit_line.ts";
import { emptyList, type List, withQuery } from "./list.ts";
import { parseQuery } from "./query.ts";
import type { RowEntry } from "./row.ts";

/**
 * The content of a level. The first level is `pods`, over which the others are opened, or `choices`: a list that
 * doesn't change.
 */
export type LevelKind = "pods" | "containers" | "namespaces" | "contexts" | "choices";

/** A column beside the name. */
export interface Column {
  title: string;
  /** If the screen is too narrow for all columns, the least important are dropped first. */
  importance: number;
  align: "left" | "right";
}

/** The columns of a level. */
export interface LevelColumns {
  name: string;
  others: readonly Column[];
}

/** A list on the stack of lists. */
export interface Level {
  readonly kind: LevelKind;
  readonly list: List;
  readonly line: EditLine;
  /** More rows are being loaded. */
  readonly loading: boolean;
  /** The first match that is shown: the list scrolls under the cursor. */
  readonly offset: number;
}

/** The scope in which pods are looked up. An undefined field has its value from the command line. */
export interface PickScope {
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}

/** The content of the preview pane. */
type Preview =
  | { phase: "loading"; id: string }
  | { phase: "shown"; id: string; lines: readonly Line[] };

type PickOutcome =
  | { kind: "open" }
  /** In the order in which they were chosen; empty if nothing matches. */
  | { kind: "accepted"; entries: readonly RowEntry[] }
  | { kind: "aborted" };

/** Options that don't change during the choice. */
export interface PickSettings {
  /** The first level. */
  readonly of: "pods" | "choices";
  /** Several may be chosen. */
  readonly multi: boolean;
  /** The prompt at the bottom, as in fzf, or at the top. */
  readonly layout: "default" | "reverse";
  /** Enter on a pod with several containers opens their list. */
  readonly asksContainer: boolean;
  /** Other namespaces and contexts can be selected. */
  readonly switches: boolean;
  readonly prompt: string;
  /** The use of the chosen rows, and where; empty if they are only printed. */
  readonly purpose: string;
  /** The title of the first column, and the others; without titles if a level is absent. */
  readonly columns: Readonly<Partial<Record<LevelKind, LevelColumns>>>;
}

/** The state of a picker. */
export interface PickState {
  readonly settings: PickSettings;
  readonly columns: number;
  readonly rows: number;
  /** Rows of the whole screen, which the help covers. */
  readonly screenRows: number;
  /** The last level is visible. Never empty. */
  readonly levels: readonly Level[];
  /** The chosen rows, by id, in the order of choosing; rows chosen in another scope stay chosen. */
  readonly chosen: ReadonlyMap<string, RowEntry>;
  /** The rows to mark or invert once the search has found all matches. */
  readonly marking: "all" | "toggle" | undefined;
  readonly place: PickScope;
  /** Incremented with each change of scope: identifies events that arrive late from the previous scope. */
  readonly turn: number;
  readonly preview: {
    readonly shown: boolean;
    readonly scroll: number;
    readonly content: Preview | undefined;
  };
  /** The first line of the help, which covers the whole screen; undefined if it isn't shown. */
  readonly help: number | undefined;
  /** A line for the person: an error of a context, a chosen pod that was deleted. */
  readonly notice: string | undefined;
  readonly nowMs: number;
  /** `isDouble`: the second click of two, whose button is still down. */
  readonly lastClick: { atMs: number; id: string; isDouble: boolean } | undefined;
  readonly outcome: PickOutcome;
}

/** Returns the initial state, still without rows. */
export function initialState(
  settings: PickSettings,
  start: {
    columns: number;
    rows: number;
    screenRows?: number;
    query: string;
    nowMs: number;
    preview: boolean;
  },
): PickState {
  return {
    settings,
    columns: start.columns,
    rows: start.rows,
    screenRows: start.screenRows ?? start.rows,
    levels: [newLevel(settings.of, start.query)],
    chosen: new Map(),
    marking: undefined,
    place: { context: undefined, namespace: undefined },
    turn: 0,
    preview: { shown: start.preview, scroll: 0, content: undefined },
    help: undefined,
    notice: undefined,
    nowMs: start.nowMs,
    lastClick: undefined,
    outcome: { kind: "open" },
  };
}

/** Returns a level whose rows are still to be loaded. */
export function newLevel(kind: LevelKind, query = ""): Level {
  return {
    kind,
    list: withQuery(emptyList, parseQuery(query)),
    line: editLine(query),
    loading: true,
    offset: 0,
  };
}

/** Returns the visible level. */
export function activeLevel({ levels }: PickState): Level {
  const level = levels.at(-1);
  if (level === undefined) throw new Error("a picker has at least one level");
  return level;
}

/** Returns whether rows of the active level can be marked. */
export function isMarkable(state: PickState): boolean {
  const { kind } = activeLevel(state);
  return state.settings.multi && kind !== "namespaces" && kind !== "contexts";
}
