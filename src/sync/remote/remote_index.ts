/** The known state of a pod's folder: for each path the stat text by which a change of it is detected. */
import { type Entry, sameEntry, type Snapshot } from "../core/model.ts";
import type { Expectation } from "../core/plan.ts";
import { entryKind, entryOf, type FarListing, isBefore, type Stat } from "./listing.ts";

interface Known {
  stat: Stat;
  /** Undefined for a file whose content isn't summed yet. */
  entry: Entry | undefined;
  /** The digest certainly belongs to this stat text. */
  settled: boolean;
}

/** Outlives connections: a file is summed once for as long as it doesn't change. */
export class FarKnowledge {
  readonly #known = new Map<string, Known>();

  /** Replaces everything by a full listing; paths that it doesn't name are forgotten. */
  replace(listing: FarListing): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const [path, stat] of listing.stats) this.#take(path, stat, before.get(path));
  }

  /** Takes the listing of some paths; those that weren't found are forgotten with all below them. */
  update(paths: readonly string[], listing: FarListing): void {
    for (const path of paths) {
      const stat = listing.stats.get(path);
      if (stat !== undefined) this.#take(path, stat, this.#known.get(path));
      else if (!listing.unread.has(path) && !listing.unread.has("")) this.forget(path);
    }
  }

  /** Forgets a removed path and all below it. */
  forget(path: string): void {
    const known = this.#known.get(path);
    this.#known.delete(path);
    if (known !== undefined && entryKind(known.stat) !== "folder") return;
    for (const at of this.#known.keys()) if (at.startsWith(`${path}/`)) this.#known.delete(at);
  }

  #take(path: string, stat: Stat, before: Known | undefined): void {
    const asBefore = before?.settled === true && before.stat.words === stat.words;
    const digest = asBefore && before.entry?.kind === "file" ? before.entry.digest : undefined;
    this.#known.set(path, { stat, entry: entryOf(stat, digest), settled: asBefore });
  }

  /** Returns whether it is a file whose content has to be summed before it can be compared. */
  lacksDigest(path: string): boolean {
    const known = this.#known.get(path);
    return known !== undefined && known.entry === undefined && entryKind(known.stat) === "file";
  }

  /** Records the digest of a file that was summed after its listing, which started at `begun`. */
  summed(path: string, digest: string, begun: string): void {
    const known = this.#known.get(path);
    if (known === undefined) return;
    // A change at the very time of the listing doesn't change the stat text.
    const settled = isBefore(known.stat.changed, begun);
    this.#known.set(path, { ...known, entry: entryOf(known.stat, digest), settled });
  }

  /** Records the digest of a file that kodama wrote: valid unless it was changed since the step started. */
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

  /** Yields folders, parents first. */
  *folders(): Generator<string> {
    for (const [path, { stat }] of this.#known) if (entryKind(stat) === "folder") yield path;
  }

  /** Returns the stat text by which the pod checks that a path is as expected; undefined if it is known not to be. */
  wordsFor({ path, entry }: Expectation): string | undefined {
    if (entry === undefined) return "-";
    if (entry.kind === "folder") return "d";
    const known = this.#known.get(path);
    return known !== undefined && sameEntry(known.entry, entry) ? known.stat.words : undefined;
  }

  /** Returns all of it as a snapshot. A file without digest has an empty one. */
  snapshot(root: string, listing: Pick<FarListing, "unread" | "holdOthers">): Snapshot {
    const entries = new Map<string, Entry>();
    const holds = new Set(listing.holdOthers);
    const unread = new Set(listing.unread);
    for (const [path, { stat, entry }] of this.#known) {
      const shown = entry ?? entryOf(stat, "");
      if (shown !== undefined) entries.set(path, shown);
      else if (entryKind(stat) === undefined && (stat.mode & 0xf000) === 0xa000) unread.add(path);
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
