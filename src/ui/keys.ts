/**
 * The key table: the action of each key, from the defaults of `actions.ts`, the panes and the settings. A key is
 * written as the terminal's decoder names it (`j`, `alt-x`, `page-down`, `space`), two keys in a row with a blank.
 */
import { nearestBy } from "../base/nearest_names.ts";
import { keyProblem, normalKey } from "../terminal/key_name.ts";
import { programActions } from "./actions.ts";
import type { PaneAction } from "./pane.ts";
import type { Bound, KeyProblem, KeyTable } from "./state.ts";

/** The sources of a key table. */
export interface KeyTableSource {
  /** Kinds of panes and their actions. */
  kinds: Iterable<readonly [key: string, kind: { actions?: readonly PaneAction[] }]>;
  /** Keys of actions, by their ids, instead of the default keys. */
  settings?: Readonly<Record<string, readonly string[]>>;
  /** Panes that a key opens and closes. */
  toggles?: readonly { key: string; binding: string }[];
  /** The number of letters in which two names differ, for the nearest name. */
  distance?: (a: string, b: string) => number;
}

/** Makes the table. A key of the settings comes before a default key; both are reported if they are the same. */
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

/** Returns the effect of a key in a kind of pane; `prefix` for the first of two, undefined for nothing. */
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
