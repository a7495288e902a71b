/** All that a picker knows. It is changed by `step` alone and shown by `view` alone. */
import type { Line } from "../term/grid.ts";
import { type EditLine, editLine } from "./edit.ts";
import { emptyList, type List } from "./list.ts";
import { parseQuery } from "./query.ts";
import type { Entry } from "./row.ts";
import { withQuery } from "./list.ts";

/** What a level lists. The first level is always `pods`; the others are opened on top of it. */
export type LevelKind = "pods" | "containers" | "namespaces" | "contexts";

/** A column beside the name. */
export interface Column {
  title: string;
  /** Where the screen is too narrow for all, the least important go first. */
  importance: number;
  align: "left" | "right";
}

/** One list on the stack of lists. */
export interface Level {
  readonly kind: LevelKind;
  readonly list: List;
  readonly line: EditLine;
  /** More rows are on their way. */
  readonly loading: boolean;
  /** The first match that is shown: the list scrolls under the cursor. */
  readonly offset: number;
}

/** Where the pods are looked for. What is undefined is what the command line said. */
export interface Place {
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}

/** What the preview pane shows. */
export type Preview =
  | { phase: "loading"; id: string }
  | { phase: "shown"; id: string; lines: readonly Line[] };

/** How it ended. */
export type Outcome =
  | { kind: "open" }
  /** In the order in which they were chosen; empty where nothing fits. */
  | { kind: "accepted"; entries: readonly Entry[] }
  | { kind: "aborted" };

/** What doesn't change while picking. */
export interface PickSettings {
  /** Several may be chosen. */
  readonly multi: boolean;
  /** The prompt at the bottom, as fzf has it, or at the top. */
  readonly layout: "default" | "reverse";
  /** Enter on a pod with several containers asks which. */
  readonly asksContainer: boolean;
  /** Other namespaces and contexts can be turned to. */
  readonly switches: boolean;
  readonly prompt: string;
  /** What the names are called, over the first column. */
  readonly columns: Readonly<Record<LevelKind, { name: string; others: readonly Column[] }>>;
}

/** The state of a picker. */
export interface PickState {
  readonly settings: PickSettings;
  readonly columns: number;
  readonly rows: number;
  /** Of the whole screen, which the help takes. */
  readonly screenRows: number;
  /** The last is the one that is seen. Never empty. */
  readonly levels: readonly Level[];
  /** What is chosen, by id, in the order of choosing; what was chosen in another place stays chosen. */
  readonly chosen: ReadonlyMap<string, Entry>;
  /** To be marked or turned around when the search has found all that fits. */
  readonly marking: "all" | "toggle" | undefined;
  readonly place: Place;
  /** Grows with each turn to another place: what comes late from the last one is known by it. */
  readonly turn: number;
  readonly preview: {
    readonly shown: boolean;
    readonly scroll: number;
    readonly content: Preview | undefined;
  };
  /** The help is shown on the whole screen, from this line on; undefined if it isn't. */
  readonly help: number | undefined;
  /** One line for the person: an error of a context, a chosen pod that is gone. */
  readonly notice: string | undefined;
  readonly nowMs: number;
  /** `isDouble`: the second click of two, whose button is still down. */
  readonly lastClick: { atMs: number; id: string; isDouble: boolean } | undefined;
  readonly outcome: Outcome;
}

/** The state at the beginning, still without rows. */
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
    levels: [newLevel("pods", start.query)],
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

/** A level whose rows are still to come. */
export function newLevel(kind: LevelKind, query = ""): Level {
  return {
    kind,
    list: withQuery(emptyList, parseQuery(query)),
    line: editLine(query),
    loading: true,
    offset: 0,
  };
}

/** The level that is seen. */
export function activeLevel({ levels }: PickState): Level {
  const level = levels.at(-1);
  if (level === undefined) throw new Error("a picker has at least one level");
  return level;
}

/** Whether rows of the active level can be marked. */
export function isMarkable(state: PickState): boolean {
  const { kind } = activeLevel(state);
  return state.settings.multi && (kind === "pods" || kind === "containers");
}
