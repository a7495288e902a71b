/** The rows of a list, each with a name that is searched and cells that are shown. */
import type { Tone } from "../terminal/grid.ts";
import { type SearchText, searchText } from "./match.ts";

/** A cell beside the name. An age grows by itself. */
export type Cell =
  | { kind: "text"; text: string; tone: Tone }
  /** The start, in milliseconds of the epoch. */
  | { kind: "age"; sinceMs: number };

/** A row's identity, whatever it shows at the moment: searches and choices refer to this. */
export interface RowEntry extends SearchText {
  /** Never reused: a pod's uid, not its name. Without a slash, except in an {@link innerId}. */
  readonly id: string;
  /** The sort key in the list: texts in the order of code units. Never changes, so no row jumps. */
  readonly order: string;
}

/** A row. */
export interface Row {
  readonly entry: RowEntry;
  /** A cell for each column of the list. */
  readonly cells: readonly Cell[];
  /** The parts of the row, which can be chosen instead of it: the containers of a pod. */
  readonly inner?: readonly Row[];
}

/** The input of a row. */
interface RowParts {
  id: string;
  /** The text that is searched, and shown in the first column. No control characters. */
  text: string;
  order: string;
  cells: readonly Cell[];
  inner?: readonly Row[];
}

/** Returns a row, prepared for searches. `known` is the previous version of the same row: its preparation is reused. */
export function row(parts: RowParts, known?: RowEntry): Row {
  const { id, text, order, cells, inner } = parts;
  const entry = known?.id === id && known.text === text && known.order === order
    ? known
    : { id, order, ...searchText(text) };
  return { entry, cells, ...(inner === undefined ? {} : { inner }) };
}

/** Returns the id of a row within another row: a container's of its pod. */
export function innerId(owner: string, name: string): string {
  return `${owner}/${name}`;
}

/** Returns the id of the row that a row belongs to: its own, except for an inner row. */
export function ownerOf(id: string): string {
  const slash = id.indexOf("/");
  return slash < 0 ? id : id.slice(0, slash);
}

/** Comparator for `sort`: rows and entries have a common order, whatever the order of their arrival. */
export function compareOrder(a: RowEntry, b: RowEntry): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
