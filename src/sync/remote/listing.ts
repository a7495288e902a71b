/** Parses the remote end's listings: lines that a pod wrote, of which nothing is trusted unchecked. */
import { type Entry, unsafePath } from "../core/model.ts";

/** A path's metadata, without its content. */
export interface Stat {
  /** Permission bits and kind, as stat(2) has them. */
  mode: number;
  size: number;
  mtimeMs: number;
  /** The remote end's unparsed text, by which a change is detected. */
  text: string;
  /** When anything of it, and when its content was changed last: seconds by the clock of its file system. */
  changed: string;
  modified: string;
  /** The target of a symbolic link. */
  target: string | undefined;
}

/** A parsed listing. */
export interface Listing {
  /** When it was started, as {@link Stat.changed}. */
  startedAt: string;
  stats: ReadonlyMap<string, Stat>;
  /** Paths at and below which nothing is known; "" if it isn't known which. */
  unread: ReadonlySet<string>;
  /** Folders that also contain entries that can't be listed. */
  withOthers: ReadonlySet<string>;
}

const kinds: Readonly<Record<string, number>> = { f: 0x8000, d: 0x4000, l: 0xa000 };
const kindMask = 0xf000;
const line =
  /^(?:([bcdflpsD])([0-7]{1,4})|([0-9a-f]{4,8})) (\d{1,16}) (-?\d{1,12})(\.\d+)? (-?\d{1,12})(\.\d+)? (\d{1,20}) (\..*)$/s;

/** Takes lines as they arrive. */
export class ListingReader {
  readonly #stats = new Map<string, Stat>();
  readonly #unread = new Set<string>();
  readonly #withOthers = new Set<string>();
  #link: string | undefined;
  #startedAt = "";

  /** @param maxEntries beyond which a listing is truncated, and the remainder counts as unread. */
  constructor(private readonly maxEntries = 1_000_000) {}

  /** Takes a line of an answer. */
  take(text: string): void {
    const link = this.#link;
    this.#link = undefined;
    if (link !== undefined && text.startsWith(">")) return this.#takeTarget(link, text.slice(1));
    if (text.startsWith("L ./")) this.#link = text.slice(4);
    else if (text.startsWith("S ")) {
      this.#startedAt = statOf(`${text.slice(2)} ./now`)?.stat.modified ?? "";
    } else if (text.startsWith("E ")) this.#takeComplaint(text.slice(2));
    else if (text.startsWith("N ")) this.#withOthers.add(pathOf(text.slice(2)) ?? "");
    else this.#takeStat(text);
  }

  #takeTarget(path: string, target: string): void {
    const stat = this.#stats.get(path);
    if (stat !== undefined) this.#stats.set(path, { ...stat, target });
  }

  #takeStat(text: string): void {
    const found = statOf(text);
    const path = pathOf(found?.name ?? "");
    // A malformed line may be the tail of a name: the hidden paths aren't known.
    if (path === undefined || found === undefined) return void this.#unread.add("");
    if (path === "") return;
    if (this.#stats.size >= this.maxEntries) return void this.#unread.add("");
    if (unsafePath(path)) return this.#takeUnsafe(path);
    this.#stats.set(path, found.stat);
  }

  /** A name that isn't UTF-8 is skipped; for any other, the folder that it claims to be in isn't known. */
  #takeUnsafe(path: string): void {
    const names = path.split("/");
    const bad = names.findIndex((name) => unsafePath(name));
    const folder = names.slice(0, Math.max(0, bad)).join("/");
    const isUndecoded = bad >= 0 && !unsafePath(names[bad]?.replaceAll("\uFFFD", "?") ?? "");
    this.#unread.add(isUndecoded ? names.slice(0, bad + 1).join("/") : folder);
    if (isUndecoded) this.#withOthers.add(folder);
  }

  /** A missing path is harmless; any other complaint may hide something. */
  #takeComplaint(text: string): void {
    const vanished = /No such file or directory$|Not a directory$/.test(text);
    if (vanished && text.startsWith("stat:")) return;
    const path = /['"\u2018]?(\.\/[^'"\u2019]+?)['"\u2019]?: [^:]+$/.exec(text)?.[1];
    this.#unread.add(path === undefined ? "" : pathOf(path) ?? "");
  }

  /** Returns all that was taken. */
  result(): Listing {
    return {
      startedAt: this.#startedAt,
      stats: this.#stats,
      unread: this.#unread,
      withOthers: this.#withOthers,
    };
  }
}

/** The time format of busybox: a date, a time of day, and UTC. */
const dated =
  /^([0-9a-f]{4,8}) (\d{1,16}) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? \+0000 (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? \+0000 \d{1,20} (\..*)$/s;

function datedStatOf(text: string): { stat: Stat; name: string } | undefined {
  const [
    whole,
    hex = "",
    size,
    day,
    time,
    fine = "",
    changedDay,
    changedTime,
    changedFine = "",
    name,
  ] = dated.exec(text) ?? [];
  if (whole === undefined || name === undefined) return undefined;
  const seconds = (day = "", time = "") => Date.parse(`${day}T${time}Z`) / 1000;
  const modified = `${seconds(day, time)}${fine}`;
  const changed = `${seconds(changedDay, changedTime)}${changedFine}`;
  const unparsed = text.slice(0, text.length - name.length - 1);
  const mode = Number.parseInt(hex, 16);
  return { stat: statWith({ mode, size, modified, changed, text: unparsed }), name };
}

function statOf(text: string): { stat: Stat; name: string } | undefined {
  const [whole, letter, octal, hex, size, seconds, fine, changedAt, changedFine, inode, name = ""] =
    line.exec(text) ?? [];
  if (whole === undefined) return datedStatOf(text);
  const mode = hex === undefined
    ? (kinds[letter ?? ""] ?? 0) | Number.parseInt(octal ?? "0", 8)
    : Number.parseInt(hex, 16);
  // The programs of a pod differ in the number of digits.
  const time = (seconds = "0", fine = "") => `${seconds}${fine.slice(0, 10)}`;
  const [modified, changed] = [time(seconds, fine), time(changedAt, changedFine)];
  const unparsed = `${mode.toString(16)} ${size} ${modified} ${changed} ${inode}`;
  return { stat: statWith({ mode, size, modified, changed, text: unparsed }), name };
}

function statWith(
  { size, modified, ...read }: Pick<Stat, "mode" | "modified" | "changed" | "text"> & {
    size: string | undefined;
  },
): Stat {
  const mtimeMs = Math.floor(Number(modified) * 1000);
  return { ...read, size: Number(size), modified, mtimeMs, target: undefined };
}

/** The coarsest unit in which file systems store times. */
const coarsestSeconds = 2;

/**
 * Returns whether everything that happens from `other` on gets a later time than `one`; both as a {@link Stat} has
 * them. A time is no more precise than its last digit that isn't zero: a file system below the folder may store coarser
 * times than the file system of `other`.
 */
export function isBefore(one: string, other: string): boolean {
  if (other === "") return false;
  const [seconds = "", fine = ""] = one.split(".");
  const [otherSeconds = "", otherFine = ""] = other.split(".");
  const apart = Number(otherSeconds) - Number(seconds);
  const digits = fine.replace(/0+$/, "");
  if (digits === "") return apart >= coarsestSeconds;
  if (apart !== 0) return apart > 0;
  return digits < otherFine.padEnd(digits.length, "0").slice(0, digits.length);
}

function pathOf(name: string): string | undefined {
  if (name === ".") return "";
  return name.startsWith("./") ? name.slice(2) : undefined;
}

/** Returns the kind of a stat; undefined for a socket or device, and for a link whose text isn't known. */
export function entryKind({ mode, target }: Stat): "file" | "folder" | "symlink" | undefined {
  switch (mode & kindMask) {
    case kinds.f:
      return "file";
    case kinds.d:
      return "folder";
    case kinds.l:
      return target === undefined || !target.isWellFormed() || target.includes("\uFFFD")
        ? undefined
        : "symlink";
    default:
      return undefined;
  }
}

/** Returns the entry of a stat; a file's with its digest. Undefined for kinds that aren't synchronised. */
export function entryOfStat(stat: Stat, digest: string | undefined): Entry | undefined {
  switch (entryKind(stat)) {
    case "folder":
      return { kind: "folder" };
    case "symlink":
      return { kind: "symlink", target: stat.target ?? "" };
    case "file": {
      const { size, mtimeMs, mode } = stat;
      if (digest === undefined) return undefined;
      return { kind: "file", size, mtimeMs, mode: mode & 0o7777, digest };
    }
    case undefined:
      return undefined;
  }
}
