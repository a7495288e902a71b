/** What is chosen from: rows of one list, each with a name that is searched and cells that are shown. */
import type { Tone } from "../term/grid.ts";
import { type SearchText, searchText } from "./match.ts";

/** A cell beside the name. An age grows by itself. */
export type Cell =
  | { kind: "text"; text: string; tone: Tone }
  /** Since a moment, in milliseconds of the epoch. */
  | { kind: "age"; sinceMs: number };

/** What a row is, whatever it shows just now: this is what searches and choices hold on to. */
export interface Entry extends SearchText {
  /** Never used for anything else: a pod's uid, not its name. Without a slash, but for {@link innerId}. */
  readonly id: string;
  /** The place in the list: texts in the order of code units. Never changes, so no row jumps. */
  readonly order: string;
}

/** One row. */
export interface Row {
  readonly entry: Entry;
  /** One for each column of the list. */
  readonly cells: readonly Cell[];
  /** What it is made of, and what may be chosen in its place: the containers of a pod. */
  readonly inner?: readonly Row[];
}

/** What a row is made from. */
export interface RowParts {
  id: string;
  /** What is searched, and what the first column shows. No control characters. */
  text: string;
  order: string;
  cells: readonly Cell[];
  inner?: readonly Row[];
}

/** A row, ready to be searched. `known` is the same row as it was before: its preparation is used again. */
export function row(parts: RowParts, known?: Entry): Row {
  const { id, text, order, cells, inner } = parts;
  const entry = known?.id === id && known.text === text && known.order === order
    ? known
    : { id, order, ...searchText(text) };
  return { entry, cells, ...(inner === undefined ? {} : { inner }) };
}

/** The id of a row within another one: a container's of its pod. */
export function innerId(owner: string, name: string): string {
  return `${owner}/${name}`;
}

/** The id of the row that a row belongs to: its own, but for an inner one. */
export function ownerOf(id: string): string {
  const slash = id.indexOf("/");
  return slash < 0 ? id : id.slice(0, slash);
}

/** For `sort`: rows and entries stand in one order, whatever the order of their coming. */
export function compareOrder(a: Entry, b: Entry): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
