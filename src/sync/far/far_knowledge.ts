/** What is known of a pod's folder: by which words each place is told from what it may become. */
import { type Entry, sameEntry, type Snapshot } from "../model.ts";
import type { Expectation } from "../plan.ts";
import { entryOf, type FarListing, isBefore, kindOf, type Stat } from "./listing.ts";

interface Known {
  stat: Stat;
  /** Undefined for a file whose content nobody has summed yet. */
  entry: Entry | undefined;
  /** The digest belongs to these very words for certain. */
  settled: boolean;
}

/** Outlives links: what was summed once isn't summed again while it is as it was. */
export class FarKnowledge {
  readonly #known = new Map<string, Known>();

  /** Takes over a whole listing; what it doesn't name is forgotten. */
  replace(listing: FarListing): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const [path, stat] of listing.stats) this.#take(path, stat, before.get(path));
  }

  /** Takes over what was found of some paths; those that weren't found are forgotten with all below them. */
  update(paths: readonly string[], listing: FarListing): void {
    for (const path of paths) {
      const stat = listing.stats.get(path);
      if (stat !== undefined) this.#take(path, stat, this.#known.get(path));
      else if (!listing.unread.has(path) && !listing.unread.has("")) this.forget(path);
    }
  }

  /** A path is gone, and what was below it. */
  forget(path: string): void {
    const known = this.#known.get(path);
    this.#known.delete(path);
    if (known !== undefined && kindOf(known.stat) !== "folder") return;
    for (const at of this.#known.keys()) if (at.startsWith(`${path}/`)) this.#known.delete(at);
  }

  #take(path: string, stat: Stat, before: Known | undefined): void {
    const asBefore = before?.settled === true && before.stat.words === stat.words;
    const digest = asBefore && before.entry?.kind === "file" ? before.entry.digest : undefined;
    this.#known.set(path, { stat, entry: entryOf(stat, digest), settled: asBefore });
  }

  /** Whether it is a file whose content has to be summed before anything can be said of it. */
  lacksDigest(path: string): boolean {
    const known = this.#known.get(path);
    return known !== undefined && known.entry === undefined && kindOf(known.stat) === "file";
  }

  /** A content was summed after its place was listed, in a listing that was begun at a time. */
  summed(path: string, digest: string, begun: string): void {
    const known = this.#known.get(path);
    if (known === undefined) return;
    // A change in the very moment of the listing has left the same words.
    const settled = isBefore(known.stat.changed, begun);
    this.#known.set(path, { ...known, entry: entryOf(known.stat, digest), settled });
  }

  /** A content was put there by kodama: it is that one unless it was changed since the step began. */
  placed(path: string, digest: string, begun: string): void {
    const known = this.#known.get(path);
    if (known === undefined) return;
    const settled = isBefore(known.stat.modified, begun);
    this.#known.set(path, { ...known, entry: entryOf(known.stat, digest), settled });
  }

  stat(path: string): Stat | undefined {
    return this.#known.get(path)?.stat;
  }

  entry(path: string): Entry | undefined {
    return this.#known.get(path)?.entry;
  }

  /** Folders, each after those that it is in. */
  *folders(): Generator<string> {
    for (const [path, { stat }] of this.#known) if (kindOf(stat) === "folder") yield path;
  }

  /** The words by which the pod tells whether a place is as expected; undefined where it is known not to be. */
  wordsFor({ path, entry }: Expectation): string | undefined {
    if (entry === undefined) return "-";
    if (entry.kind === "folder") return "d";
    const known = this.#known.get(path);
    return known !== undefined && sameEntry(known.entry, entry) ? known.stat.words : undefined;
  }

  /** All of it as a snapshot. A file without digest has an empty one. */
  snapshot(root: string, listing: Pick<FarListing, "unread" | "holdOthers">): Snapshot {
    const entries = new Map<string, Entry>();
    const holds = new Set(listing.holdOthers);
    const unread = new Set(listing.unread);
    for (const [path, { stat, entry }] of this.#known) {
      const shown = entry ?? entryOf(stat, "");
      if (shown !== undefined) entries.set(path, shown);
      else if (kindOf(stat) === undefined && (stat.mode & 0xf000) === 0xa000) unread.add(path);
      else holds.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    }
    for (const path of holds) {
      if (entries.get(path)?.kind === "folder") {
        entries.set(path, { kind: "folder", holdsOthers: true });
      }
    }
    for (const path of unread) if (path !== "") entries.delete(path);
    return { root, entries, unread };
  }
}
