/** The known state of a pod's folder: for each path the stat text by which a change of it is detected. */
import { type Entry, sameEntry, type Snapshot } from "../core/model.ts";
import type { Expectation } from "../core/plan.ts";
import { entryKind, entryOfStat, isBefore, type Listing, type Stat } from "./listing.ts";

interface Known {
  stat: Stat;
  /** Undefined for a file whose content isn't summed yet. */
  entry: Entry | undefined;
  /** The digest certainly belongs to this stat text. */
  certain: boolean;
}

/** Outlives connections: a file is summed once for as long as it doesn't change. */
export class RemoteIndex {
  readonly #entries = new Map<string, Known>();
  /** When the last listing was started. */
  #listedAt = "";
  /** The mark that the folder had after the last answered change. */
  mark = "";

  /** Replaces everything by a full listing; paths that it doesn't name are forgotten. */
  replace(listing: Listing): void {
    this.#listedAt = listing.startedAt;
    const before = new Map(this.#entries);
    this.#entries.clear();
    for (const [path, stat] of listing.stats) this.#take(path, stat, before.get(path));
  }

  /** Takes the listing of some paths; those that weren't found are forgotten with all below them. */
  update(paths: readonly string[], listing: Listing): void {
    this.#listedAt = listing.startedAt;
    for (const path of paths) {
      const stat = listing.stats.get(path);
      if (stat !== undefined) this.#take(path, stat, this.#entries.get(path));
      else if (!listing.unread.has(path) && !listing.unread.has("")) this.forget(path);
    }
  }

  /** Forgets a removed path and all below it. */
  forget(path: string): void {
    const known = this.#entries.get(path);
    this.#entries.delete(path);
    if (known !== undefined && entryKind(known.stat) !== "folder") return;
    for (const at of this.#entries.keys()) if (at.startsWith(`${path}/`)) this.#entries.delete(at);
  }

  #take(path: string, stat: Stat, before: Known | undefined): void {
    const asBefore = before?.certain === true && before.stat.text === stat.text;
    const digest = asBefore && before.entry?.kind === "file" ? before.entry.digest : undefined;
    this.#entries.set(path, { stat, entry: entryOfStat(stat, digest), certain: asBefore });
  }

  /** Returns whether it is a file whose content has to be summed before it can be compared. */
  lacksDigest(path: string): boolean {
    const known = this.#entries.get(path);
    return known !== undefined && known.entry === undefined && entryKind(known.stat) === "file";
  }

  /** Records the digest of a file that was summed after its listing, which started at `startedAt`. */
  summed(path: string, digest: string, startedAt: string): void {
    const known = this.#entries.get(path);
    if (known === undefined) return;
    // A change at the very time of the listing doesn't change the stat text.
    const certain = isBefore(known.stat.changed, startedAt);
    this.#entries.set(path, { ...known, entry: entryOfStat(known.stat, digest), certain });
  }

  /** Records the digest of a file that kodama wrote: valid unless it was changed between the step and its listing. */
  placed(path: string, digest: string, startedAt: string): void {
    const known = this.#entries.get(path);
    if (known === undefined) return;
    const { modified, changed } = known.stat;
    // A change at the very time of the listing doesn't change the stat text either.
    const certain = isBefore(modified, startedAt) && isBefore(changed, this.#listedAt);
    this.#entries.set(path, { ...known, entry: entryOfStat(known.stat, digest), certain });
  }

  /** Returns when the last listing was started. */
  get listedAt(): string {
    return this.#listedAt;
  }

  /** Returns the digest that a file as expected has; undefined if its stat text alone proves that. */
  digestToProve({ path, entry }: Expectation): string | undefined {
    return entry?.kind === "file" && this.#entries.get(path)?.certain !== true
      ? entry.digest
      : undefined;
  }

  stat(path: string): Stat | undefined {
    return this.#entries.get(path)?.stat;
  }

  entry(path: string): Entry | undefined {
    return this.#entries.get(path)?.entry;
  }

  /** Yields folders, parents first. */
  *folders(): Generator<string> {
    for (const [path, { stat }] of this.#entries) if (entryKind(stat) === "folder") yield path;
  }

  /** Returns the stat text by which the pod checks that a path is as expected; undefined if it is known not to be. */
  expectedText({ path, entry }: Expectation): string | undefined {
    if (entry === undefined) return "-";
    if (entry.kind === "folder") return "d";
    const known = this.#entries.get(path);
    return known !== undefined && sameEntry(known.entry, entry) ? known.stat.text : undefined;
  }

  /** Returns the whole index as a snapshot. A file without a digest has an empty digest. */
  snapshot(root: string, listing: Pick<Listing, "unread" | "withOthers">): Snapshot {
    const entries = new Map<string, Entry>();
    const withOthers = new Set(listing.withOthers);
    const unread = new Set(listing.unread);
    for (const [path, { stat, entry }] of this.#entries) {
      const shown = entry ?? entryOfStat(stat, "");
      if (shown !== undefined) entries.set(path, shown);
      else if (entryKind(stat) === undefined && (stat.mode & 0xf000) === 0xa000) unread.add(path);
      else withOthers.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    }
    for (const path of withOthers) {
      if (entries.get(path)?.kind === "folder") {
        entries.set(path, { kind: "folder", holdsOthers: true });
      }
    }
    for (const path of unread) if (path !== "") entries.delete(path);
    return { root, entries, unread };
  }
}
