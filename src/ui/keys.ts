/**
 * The key table: what each key does, in one place. Help, the documentation and the settings are made of it. A key is
 * written as the terminal's decoder names it (`j`, `alt-x`, `page-down`, `space`), two keys in a row with a blank.
 */
import { nearestBy } from "../base/nearest_names.ts";
import { keyProblem, normalKey } from "../terminal/key_name.ts";
import type { PaneAction, PaneCommand } from "./pane.ts";

/** An action of the program itself, for any pane. */
export interface ProgramAction extends PaneAction {
  /** The heading in help. */
  readonly group: "panes" | "tabs" | "content" | "program";
  /** Its single keys work while a program runs in the pane, too. */
  readonly always?: boolean;
  /** It is a command of the pane. */
  readonly command?: PaneCommand;
}

/** Every action of the program with its default keys. */
export const programActions = [
  {
    id: "focus-left",
    keys: ["alt-left", "alt-h", "ctrl-w h", "ctrl-w left"],
    does: "focus the pane on the left",
    group: "panes",
    always: true,
  },
  {
    id: "focus-down",
    keys: ["alt-down", "alt-j", "ctrl-w j", "ctrl-w down"],
    does: "focus the pane below",
    group: "panes",
    always: true,
  },
  {
    id: "focus-up",
    keys: ["alt-up", "alt-k", "ctrl-w k", "ctrl-w up"],
    does: "focus the pane above",
    group: "panes",
    always: true,
  },
  {
    id: "focus-right",
    keys: ["alt-right", "alt-l", "ctrl-w l", "ctrl-w right"],
    does: "focus the pane on the right",
    group: "panes",
    always: true,
  },
  {
    id: "focus-next",
    keys: ["tab", "ctrl-w w"],
    does: "focus the next pane",
    group: "panes",
  },
  { id: "focus-previous", keys: ["shift-tab"], does: "focus the previous pane", group: "panes" },
  {
    id: "split-right",
    keys: ["alt-v", "ctrl-w v"],
    does: "split: another pane of this kind on the right",
    group: "panes",
    always: true,
  },
  {
    id: "split-below",
    keys: ["alt-s", "ctrl-w s"],
    does: "split: another pane of this kind below",
    group: "panes",
    always: true,
  },
  {
    id: "open-pane",
    keys: ["alt-p", "ctrl-w p"],
    does: "open a pane of another kind",
    group: "panes",
    always: true,
  },
  {
    id: "zoom",
    keys: ["alt-z", "ctrl-w z", "ctrl-w o"],
    does: "show only this pane, or all again",
    group: "panes",
    always: true,
  },
  {
    id: "close-pane",
    keys: ["q", "alt-x", "ctrl-w c", "ctrl-w q"],
    does: "close the pane; the last one quits",
    group: "panes",
    always: true,
  },
  {
    id: "wider",
    keys: ["alt-shift-right", "ctrl-w >"],
    does: "make the pane wider",
    group: "panes",
    always: true,
  },
  {
    id: "narrower",
    keys: ["alt-shift-left", "ctrl-w <"],
    does: "make the pane narrower",
    group: "panes",
    always: true,
  },
  {
    id: "taller",
    keys: ["alt-shift-down", "ctrl-w +"],
    does: "make the pane taller",
    group: "panes",
    always: true,
  },
  {
    id: "shorter",
    keys: ["alt-shift-up", "ctrl-w -"],
    does: "make the pane shorter",
    group: "panes",
    always: true,
  },
  { id: "equalize", keys: ["ctrl-w ="], does: "give all panes the same size", group: "panes" },
  { id: "new-tab", keys: ["alt-t", "ctrl-w t"], does: "open a tab", group: "tabs", always: true },
  {
    id: "next-tab",
    keys: ["alt-.", "ctrl-w n"],
    does: "go to the next tab",
    group: "tabs",
    always: true,
  },
  {
    id: "previous-tab",
    keys: ["alt-,", "ctrl-w N"],
    does: "go to the previous tab",
    group: "tabs",
    always: true,
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
    id: `tab-${number}`,
    keys: [`alt-${number}`, `ctrl-w ${number}`],
    does: `go to tab ${number}`,
    group: "tabs" as const,
    always: true,
  })),
  { id: "rename-tab", keys: ["ctrl-w r"], does: "name the tab", group: "tabs" },
  { id: "kinds", keys: [":"], does: "show objects of another kind", group: "content" },
  {
    id: "namespaces",
    keys: ["n"],
    does: "show another namespace, or all, in this tab",
    group: "content",
  },
  { id: "contexts", keys: ["c"], does: "show another context in this tab", group: "content" },
  {
    id: "select-next",
    keys: ["j", "down"],
    does: "go down",
    group: "content",
    command: { type: "select_next" },
  },
  {
    id: "select-prev",
    keys: ["k", "up"],
    does: "go up",
    group: "content",
    command: { type: "select_prev" },
  },
  {
    id: "page-down",
    keys: ["page-down", "ctrl-f", "ctrl-d"],
    does: "go down a page",
    group: "content",
    command: { type: "page_down" },
  },
  {
    id: "page-up",
    keys: ["page-up", "ctrl-b", "ctrl-u"],
    does: "go up a page",
    group: "content",
    command: { type: "page_up" },
  },
  {
    id: "go-to-top",
    keys: ["g", "home"],
    does: "go to the start",
    group: "content",
    command: { type: "go_to_top" },
  },
  {
    id: "go-to-bottom",
    keys: ["G", "end"],
    does: "go to the end",
    group: "content",
    command: { type: "go_to_bottom" },
  },
  {
    id: "scroll-left",
    keys: ["left", "h"],
    does: "scroll to the left",
    group: "content",
    command: { type: "scroll_left" },
  },
  {
    id: "scroll-right",
    keys: ["right"],
    does: "scroll to the right",
    group: "content",
    command: { type: "scroll_right" },
  },
  {
    id: "select",
    keys: ["enter"],
    does: "open what is under the cursor",
    group: "content",
    command: { type: "select" },
  },
  {
    id: "back",
    keys: ["esc"],
    does: "clear the filter or the search, or go back",
    group: "content",
    command: { type: "back" },
  },
  { id: "find", keys: ["/"], does: "filter the rows, or search the text", group: "content" },
  {
    id: "toggle-follow",
    keys: ["f"],
    does: "follow the end, or stay",
    group: "content",
    command: { type: "toggle_follow" },
  },
  {
    id: "toggle-wrap",
    keys: ["w"],
    does: "wrap long lines, or cut them",
    group: "content",
    command: { type: "toggle_wrap" },
  },
  {
    id: "sort-next",
    keys: [">"],
    does: "sort by the next column",
    group: "content",
    command: { type: "sort_by_column", column: "next" },
  },
  {
    id: "sort-previous",
    keys: ["<"],
    does: "sort by the previous column",
    group: "content",
    command: { type: "sort_by_column", column: "previous" },
  },
  {
    id: "toggle-sort-order",
    keys: ["R"],
    does: "reverse the order",
    group: "content",
    command: { type: "toggle_sort_order" },
  },
  { id: "help", keys: ["?", "f1"], does: "show the keys of this pane", group: "program" },
  { id: "save-layout", keys: ["ctrl-w S"], does: "save the tabs and panes", group: "program" },
  { id: "redraw", keys: ["ctrl-l"], does: "draw the screen again", group: "program" },
  { id: "quit", keys: ["Q", "ctrl-c"], does: "quit", group: "program" },
] as const satisfies readonly ProgramAction[];

/** What a key is bound to. */
export type Bound =
  | { readonly kind: "program"; readonly action: ProgramAction }
  | { readonly kind: "pane"; readonly action: PaneAction }
  /** Opens the pane of a plugin, or closes it. */
  | { readonly kind: "toggle"; readonly key: string; readonly action: PaneAction };

/** Two actions with one key, or a setting that can't be used. */
type KeyProblem =
  | { kind: "conflict"; key: string; actions: readonly [string, string] }
  | { kind: "unknown"; action: string; nearest: readonly string[] }
  /** It isn't bound. `setting` is where it comes from. */
  | { kind: "unusable"; setting: string; reason: string };

/** The keys of all panes. */
export interface KeyTable {
  /** The bindings by kind of pane, then by key. The kind "" has those of every pane. */
  readonly bindings: ReadonlyMap<string, ReadonlyMap<string, Bound>>;
  readonly problems: readonly KeyProblem[];
}

/** What a key table is made of. */
export interface KeyTableSource {
  /** Kinds of panes and their actions. */
  kinds: Iterable<readonly [key: string, kind: { actions?: readonly PaneAction[] }]>;
  /** Keys of actions, by their ids, instead of the default ones. */
  settings?: Readonly<Record<string, readonly string[]>>;
  /** Panes that a key opens and closes. */
  toggles?: readonly { key: string; binding: string }[];
  /** The number of letters in which two names differ, for the nearest name. */
  distance?: (a: string, b: string) => number;
}

/** Makes the table. A key of the settings comes before a default one; both are reported if they are the same. */
export function keyTable(
  { kinds, settings = {}, toggles = [], distance }: KeyTableSource,
): KeyTable {
  const bindings = new Map<string, Map<string, Bound>>([["", new Map()]]);
  const problems: KeyProblem[] = [];
  const owners = [...kinds].map(([key, { actions = [] }]) => [key, actions] as const);
  const known = new Set<string>([
    ...programActions.map(({ id }) => id),
    ...owners.flatMap(([, actions]) => actions.map(({ id }) => id)),
  ]);
  for (const action of Object.keys(settings)) {
    if (known.has(action)) continue;
    const nearest = distance === undefined ? [] : nearestBy(distance, action, known, 2);
    problems.push({ kind: "unknown", action, nearest });
  }
  const usable = new Map<string, readonly string[]>();
  const keysOf = ({ id, keys }: PaneAction) => usable.get(id) ?? keys;
  const isSet = ({ id }: PaneAction) => Object.hasOwn(settings, id);
  const bind = (of: string, key: string, bound: Bound) => {
    const own = bindings.get(of) ?? new Map<string, Bound>();
    bindings.set(of, own);
    const other = own.get(key) ?? (of === "" ? undefined : bindings.get("")?.get(key));
    if (other !== undefined && other.action.id !== bound.action.id) {
      problems.push({ kind: "conflict", key, actions: [other.action.id, bound.action.id] });
      if (isSet(other.action) && !isSet(bound.action)) return;
    }
    own.set(key, bound);
  };
  const isUsable = (key: string, setting: string) => {
    const reason = keyProblem(key);
    if (reason !== undefined) problems.push({ kind: "unusable", setting, reason });
    return reason === undefined;
  };
  for (const [action, keys] of Object.entries(settings)) {
    if (!known.has(action)) continue;
    usable.set(action, keys.map(normalKey).filter((key) => isUsable(key, `ui.keys.${action}`)));
  }
  for (const action of programActions) {
    for (const key of keysOf(action)) bind("", key, { kind: "program", action });
  }
  for (const { key, binding } of toggles) {
    const action = { id: `toggle-${key}`, keys: [binding], does: `open or close ${key}` };
    const normal = normalKey(binding);
    if (!isUsable(normal, `keybinding of the plugin ${key}`)) continue;
    bind("", normal, { kind: "toggle", key, action });
  }
  for (const [kind, actions] of owners) {
    for (const action of actions) {
      for (const key of keysOf(action)) bind(kind, key, { kind: "pane", action });
    }
  }
  // The first of two keys does nothing by itself.
  const inUse = bindings.get("") ?? new Map<string, Bound>();
  for (const [key, bound] of inUse) {
    const [first = "", second] = key.split(" ");
    const single = second === undefined ? undefined : inUse.get(first);
    if (single !== undefined) {
      problems.push({ kind: "conflict", key: first, actions: [single.action.id, bound.action.id] });
    }
  }
  return { bindings, problems };
}

/** Returns what a key does in a kind of pane; `prefix` for the first of two, undefined for nothing. */
export function boundTo(table: KeyTable, kind: string, keys: string): Bound | "prefix" | undefined {
  const [own, every] = [table.bindings.get(kind), table.bindings.get("")];
  const found = own?.get(keys) ?? every?.get(keys);
  if (found !== undefined) return found;
  const isPrefix = (key: string) => key.startsWith(`${keys} `);
  return [own, every].some((one) => one?.keys().some(isPrefix)) ? "prefix" : undefined;
}

/** Returns the keys that an action has in a kind of pane. */
export function keysOfAction(table: KeyTable, kind: string, action: string): string[] {
  const both = new Set([table.bindings.get(kind), table.bindings.get("")]);
  return [...both].flatMap((one) =>
    one?.entries().filter(([, bound]) => bound.action.id === action).map(([key]) => key)
      .toArray() ?? []
  );
}

/** Returns the message of a problem. */
export function problemText(problem: KeyProblem): string {
  if (problem.kind === "conflict") {
    return `the key ${problem.key} has two actions: ${problem.actions.join(" and ")}`;
  }
  if (problem.kind === "unusable") return `${problem.setting}: ${problem.reason}`;
  const near = problem.nearest.length === 0
    ? ""
    : `; did you mean ${problem.nearest.join(" or ")}?`;
  return `ui.keys: there is no action "${problem.action}"${near}`;
}
