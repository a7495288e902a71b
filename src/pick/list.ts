/**
 * A list that changes while it is shown: its rows in their order, those that match the query, and the
 * cursor, which stays on its row whatever is added and removed around it.
 */
import { displayWidth } from "../terminal/width.ts";
import {
  advance,
  compareMatches,
  completeQuery,
  emptySearch,
  firstIndex,
  isComplete,
  type Match,
  mergeSorted,
  refine,
  type Search,
  withAdded,
  withoutIds,
} from "./search.ts";
import type { Query } from "./query.ts";
import { compareOrder, type Row, type RowEntry } from "./row.ts";

/** A list and the position of the cursor. */
export interface List {
  /** Sorted by their order; each id once. */
  readonly rows: readonly Row[];
  readonly search: Search;
  /** An index into `search.found`; 0 if nothing matches. */
  readonly index: number;
  /** The match under the cursor; undefined if nothing matches. */
  readonly cursor: Match | undefined;
  /** The cursor hasn't moved since the query changed: it stays on the best match while more come in. */
  readonly follows: boolean;
  /** The widest that each column has been: the name first. They never shrink, so that columns don't jump. */
  readonly widths: readonly number[];
}

/** The list without rows. */
export const emptyList: List = {
  rows: [],
  search: emptySearch,
  index: 0,
  cursor: undefined,
  follows: true,
  widths: [],
};

/** Entries searched before anything is shown, and between two polls of the keyboard. */
export const searchPiece = 1000;

/** New or changed rows, and ids of the deleted rows. */
export interface Changes {
  upserts: readonly Row[];
  removed: readonly string[];
}

/** Returns the list after changes. A row whose entry was replaced counts as deleted and added. */
export function withChanges(list: List, { upserts, removed }: Changes): List {
  const gone = new Set(removed);
  const kept = gone.size === 0
    ? [...list.rows]
    : list.rows.filter(({ entry }) => !gone.has(entry.id));
  const added: Row[] = [];
  const moved = new Set<string>();
  for (const one of new Map(upserts.map((one) => [one.entry.id, one])).values()) {
    const at = placeOf(kept, one.entry);
    const known = kept[at];
    if (known === undefined || compareOrder(known.entry, one.entry) !== 0) {
      added.push(one);
      continue;
    }
    kept[at] = one;
    if (known.entry !== one.entry) moved.add(one.entry.id);
  }
  const again = moved.size === 0
    ? []
    : kept.filter(({ entry }) => moved.has(entry.id)).map(({ entry }) => entry);
  const fresh = [...added.map(({ entry }) => entry), ...again];
  const left = new Set([...gone, ...moved]);
  const search = withAdded(withoutIds(list.search, left), fresh);
  return settled({
    ...list,
    rows: mergeSorted(kept, added.sort(compareRows), compareRows),
    widths: widest(list.widths, upserts),
    search: advance(search, searchPiece),
  });
}

/** Applies another query: the cursor goes to the best match, as in fzf. */
export function withQuery(list: List, query: Query): List {
  const search = refine(list.search, query, () => list.rows.map(({ entry }) => entry));
  return settled({ ...list, search: advance(search, searchPiece), follows: true });
}

/** Resumes an incomplete search. */
export function searchOn(list: List, count: number): List {
  return isComplete(list.search) ? list : settled({
    ...list,
    search: advance(list.search, count),
  });
}

/** Completes the search: before a choice among the matches. */
export function searched(list: List): List {
  return isComplete(list.search) ? list : settled({ ...list, search: completeQuery(list.search) });
}

/** Moves the cursor to another match; indexes beyond the ends stop at the ends. */
export function moved(list: List, index: number): List {
  return { ...at(list, index), follows: false };
}

/** From here on the cursor stays on its row even if better rows are added. */
export function pinned(list: List): List {
  return list.follows ? { ...list, follows: false } : list;
}

/** Returns the row of an entry that is in the list. */
export function listRow({ rows }: List, entry: RowEntry): Row | undefined {
  const found = rows[placeOf(rows, entry)];
  return found?.entry.id === entry.id ? found : undefined;
}

/** Returns the row under the cursor. */
export function currentRow(list: List): Row | undefined {
  return list.cursor === undefined ? undefined : listRow(list, list.cursor.entry);
}

function at(list: List, index: number): List {
  const { found } = list.search;
  const within = Math.max(0, Math.min(index, found.length - 1));
  return { ...list, index: within, cursor: found[within] };
}

/** Finds the cursor's row again; if it was deleted, the cursor stays at its index. */
function settled(list: List): List {
  const { cursor, search: { found } } = list;
  if (list.follows || cursor === undefined) return at(list, 0);
  const index = firstIndex(
    found.length,
    (index) => compareMatches(found[index] as Match, cursor) >= 0,
  );
  return found[index]?.entry.id === cursor.entry.id ? at(list, index) : at(list, list.index);
}

/** Returns the first index whose row doesn't come before the entry. */
function placeOf(rows: readonly Row[], entry: RowEntry): number {
  return firstIndex(rows.length, (index) => compareOrder((rows[index] as Row).entry, entry) >= 0);
}

function compareRows(a: Row, b: Row): number {
  return compareOrder(a.entry, b.entry);
}

/** Ages reserve their maximum width: they grow without a change of their row. */
const ageColumns = 6;

function widest(widths: readonly number[], rows: readonly Row[]): readonly number[] {
  const wide = [...widths];
  for (const { entry, cells } of rows) {
    wide[0] = Math.max(wide[0] ?? 0, displayWidth(entry.text));
    for (const [index, cell] of cells.entries()) {
      const width = cell.kind === "age" ? ageColumns : displayWidth(cell.text);
      wide[index + 1] = Math.max(wide[index + 1] ?? 0, width);
    }
  }
  return wide;
}
