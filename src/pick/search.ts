/**
 * A search in pieces: the matches so far, and the entries not searched yet. A hundred thousand rows
 * take longer than a frame, so a key is answered with the first piece, and the rest follows while no keys come.
 */
import { rank } from "./match.ts";
import { emptyQuery, narrows, type Query } from "./query.ts";
import { compareOrder, type RowEntry } from "./row.ts";

/** A matching entry. */
export interface Match {
  readonly entry: RowEntry;
  /** Smaller is better. */
  readonly rank: number;
}

/** The state of a query over a list. */
export interface Search {
  readonly query: Query;
  /** Best first; equal matches in the order of the list. */
  readonly found: readonly Match[];
  /** The entries not searched yet, from `at` on. */
  readonly pending: readonly RowEntry[];
  readonly at: number;
}

/** The empty query over an empty list. */
export const emptySearch: Search = { query: emptyQuery, found: [], pending: [], at: 0 };

/** Returns whether all entries have been searched. */
export function isComplete({ pending, at }: Search): boolean {
  return at >= pending.length;
}

/**
 * Starts another query over the same entries, which are all of the list. If the new query narrows the old query,
 * entries that the old query excluded aren't searched again.
 */
export function refine(search: Search, query: Query, entries: () => readonly RowEntry[]): Search {
  if (!narrows(search.query, query)) return { query, found: [], pending: entries(), at: 0 };
  const looked = search.found.map(({ entry }) => entry);
  const pending = isComplete(search) ? looked : looked.concat(search.pending.slice(search.at));
  return { query, found: [], pending, at: 0 };
}

/** Searches the next entries, at most N. */
export function advance(search: Search, count: number): Search {
  if (isComplete(search)) return search;
  const { query, pending, at } = search;
  const end = Math.min(pending.length, at + count);
  const fresh: Match[] = [];
  const unranked = query.groups.length === 0;
  for (let index = at; index < end; index++) {
    const entry = pending[index] as RowEntry;
    const found = unranked ? 0 : rank(query, entry);
    if (found !== undefined) fresh.push({ entry, rank: found });
  }
  const found = mergeSorted(search.found, sortMatches(fresh), compareMatches);
  return end === pending.length
    ? { query, found, pending: [], at: 0 }
    : { query, found, pending, at: end };
}

/** Searches all remaining entries. */
export function completeQuery(search: Search): Search {
  return advance(search, Infinity);
}

/** Adds entries that are new in the list. */
export function withAdded(search: Search, entries: readonly RowEntry[]): Search {
  if (entries.length === 0) return search;
  if (!isComplete(search)) {
    return { ...search, pending: search.pending.slice(search.at).concat(entries), at: 0 };
  }
  return { ...search, pending: entries, at: 0 };
}

/** Removes entries that have left the list. */
export function withoutIds(search: Search, ids: ReadonlySet<string>): Search {
  if (ids.size === 0) return search;
  return {
    ...search,
    found: search.found.filter(({ entry }) => !ids.has(entry.id)),
    pending: search.pending.slice(search.at).filter(({ id }) => !ids.has(id)),
    at: 0,
  };
}

/** A list in its own order needs no sorting, which is the case for every first search without a query. */
function sortMatches(matches: Match[]): Match[] {
  const isSorted = matches.every((match, index) => !isAfter(matches[index - 1], match));
  return isSorted ? matches : matches.sort(compareMatches);
}

/** Comparator for `sort`. */
export function compareMatches(a: Match, b: Match): number {
  return a.rank - b.rank || compareOrder(a.entry, b.entry);
}

function isAfter(a: Match | undefined, b: Match | undefined): boolean {
  return a !== undefined && b !== undefined && compareMatches(a, b) > 0;
}

/* Merging two sorted lists, of which the second is mostly much shorter: a few new rows among very many. */

/** If a list is this many times as long, each item of the short list is looked up in the long list. */
const muchLonger = 16;

/**
 * Returns all items of both, sorted; of equal items those of `a` first. Changes neither; may return `a` or `b` itself.
 */
export function mergeSorted<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (x: T, y: T) => number,
): readonly T[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  if (compare(a[a.length - 1] as T, b[0] as T) <= 0) return a.concat(b);
  return a.length > b.length * muchLonger ? insertAll(a, b, compare) : zip(a, b, compare);
}

/** Copies the range between two indexes of the long list in a single piece. */
function insertAll<T>(
  long: readonly T[],
  short: readonly T[],
  compare: (x: T, y: T) => number,
): readonly T[] {
  const merged = new Array<T>(long.length + short.length);
  let [from, at] = [0, 0];
  for (const item of short) {
    const place = firstIndex(long.length, (index) => compare(long[index] as T, item) > 0, from);
    while (from < place) merged[at++] = long[from++] as T;
    merged[at++] = item;
  }
  while (from < long.length) merged[at++] = long[from++] as T;
  return merged;
}

function zip<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): readonly T[] {
  const merged = new Array<T>(a.length + b.length);
  let [left, right] = [0, 0];
  for (let at = 0; at < merged.length; at++) {
    const takesLeft = right >= b.length ||
      (left < a.length && compare(a[left] as T, b[right] as T) <= 0);
    merged[at] = (takesLeft ? a[left++] : b[right++]) as T;
  }
  return merged;
}

/** Returns the first index from which a monotonic condition holds; `length` if there is none. */
export function firstIndex(length: number, holds: (index: number) => boolean, from = 0): number {
  let [low, high] = [from, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
