/** A plan being built: the parts that both directions share. */
import {
  conflictName,
  type Expectation,
  type SyncAction,
  type SyncEvent,
  type SyncMode,
} from "./plan.ts";
import type { Sides, SkipReason } from "./skipped_paths.ts";
import {
  type Entry,
  executable,
  type FileEntry,
  type LeafEntry,
  otherSide,
  parentOf,
  sameContent,
  type Side,
} from "./model.ts";

/** The decision about a path and all below it. */
export interface Subtree {
  actions: SyncAction[];
  /** Whether anything of it remains on each side once the actions are carried out. */
  stays: Record<Side, boolean>;
}

interface PlanBuilderInput {
  sides: Sides;
  skipped: ReadonlyMap<string, SkipReason>;
  now: number;
  mode: SyncMode;
  events: SyncEvent[];
}

/** Collects actions and events, and provides the states that decisions need. */
export class PlanBuilder {
  readonly skipped: ReadonlyMap<string, SkipReason>;
  readonly mode: SyncMode;
  readonly events: SyncEvent[];
  readonly actions: SyncAction[] = [];
  private readonly sides: Sides;
  private readonly now: number;
  private readonly names = new Map<string, Set<string>>();
  private readonly byDigest: Record<Side, Map<string, string>>;
  private readonly given = new Set<string>();

  constructor({ sides, skipped, now, mode, events }: PlanBuilderInput) {
    [this.sides, this.skipped, this.now, this.mode, this.events] = [
      sides,
      skipped,
      now,
      mode,
      events,
    ];
    const { local, remote, ancestor } = sides;
    for (const side of [local.entries, remote.entries, ancestor]) {
      for (const path of side.keys()) this.index(path);
    }
    // A path that could not be read has no entry, and must be reported all the same.
    for (const path of skipped.keys()) this.index(path);
    this.byDigest = { local: filesByDigest(local.entries), remote: filesByDigest(remote.entries) };
  }

  private index(path: string): void {
    for (let at = path; at !== "";) {
      const parent = parentOf(at);
      const known = this.names.get(parent);
      const name = parent === "" ? at : at.slice(parent.length + 1);
      if (known?.has(name) === true) return;
      if (known === undefined) this.names.set(parent, new Set([name]));
      else known.add(name);
      at = parent;
    }
  }

  /** Returns the names that any of the three states has in a folder, in order. */
  namesIn(folder: string): string[] {
    return [...this.names.get(folder) ?? []].sort();
  }

  /** Returns the entry at a path of a side. */
  entry(side: Side, path: string): Entry | undefined {
    return this.sides[side].entries.get(path);
  }

  /** Returns the entry that both sides last agreed on. */
  agreed(path: string): Entry | undefined {
    return this.sides.ancestor.get(path);
  }

  /** Adds the decision about a path at the top. */
  add({ actions }: Subtree): void {
    for (const action of actions) this.actions.push(action);
  }

  /** Returns the condition that a path is as it was scanned. */
  asSeen(side: Side, path: string): Expectation {
    return { side, path, entry: this.entry(side, path) };
  }

  /** Copies the other side's entry to a side, with its mode or the given mode. */
  bring(to: Side, path: string, entry: LeafEntry, also: readonly Expectation[] = []): SyncAction {
    const from = { side: otherSide(to), path };
    return this.put(to, path, entry, from, [this.asSeen(to, path), ...also]);
  }

  private put(
    side: Side,
    path: string,
    entry: LeafEntry,
    from: { side: Side; path: string },
    requires: readonly Expectation[],
  ): SyncAction {
    const near = entry.kind === "file" ? this.byDigest[side].get(entry.digest) : undefined;
    const saved = near === undefined || near === path ? {} : { near };
    return { kind: "put", side, path, entry, from, requires, ...saved };
  }

  /** Changes only the execute bit. */
  setMode(side: Side, path: string, entry: FileEntry): SyncAction {
    return { kind: "setMode", side, path, entry, requires: [this.asSeen(side, path)] };
  }

  /** Creates a folder at an empty path, or at a path whose entry is removed before. */
  makeFolder(side: Side, path: string): SyncAction {
    return { kind: "makeFolder", side, path, requires: [{ side, path, entry: undefined }] };
  }

  /** Removes a leaf as it was scanned. */
  remove(
    side: Side,
    path: string,
    entry: LeafEntry,
    also: readonly Expectation[] = [],
  ): SyncAction {
    return { kind: "remove", side, path, entry, requires: [{ side, path, entry }, ...also] };
  }

  /** Removes a folder if it is empty by then. */
  removeFolder(side: Side, path: string): SyncAction {
    const requires: Expectation[] = [{ side, path, entry: { kind: "folder" } }];
    return { kind: "removeFolder", side, path, requires };
  }

  /**
   * Saves the entry of a side under a name beside it, on the sides `onto`, and reports it. The returned condition must
   * hold before the entry itself may be replaced.
   */
  saveBeside(owner: Side, path: string, entry: LeafEntry, onto: readonly Side[]): {
    actions: SyncAction[];
    saved: Expectation;
  } {
    const known = this.existingCopy(owner, path, entry, onto);
    const savedAs = known ?? this.freeName(owner, path);
    this.events.push({ kind: "conflict", path, side: owner, savedAs });
    const saved: Expectation = { side: owner, path: savedAs, entry };
    if (known !== undefined) return { actions: [], saved: this.asSeen(owner, known) };
    const actions = onto.map((side) =>
      this.put(side, savedAs, entry, { side: owner, path }, [{
        side,
        path: savedAs,
        entry: undefined,
      }])
    );
    return { actions, saved };
  }

  /** Returns a copy that an earlier, interrupted run has made of the same content, and that stays. */
  private existingCopy(
    owner: Side,
    path: string,
    entry: LeafEntry,
    onto: readonly Side[],
  ): string | undefined {
    const parent = parentOf(path);
    const prefix = conflictName.prefix(path, owner);
    return this.namesIn(parent)
      .map((name) => parent === "" ? name : `${parent}/${name}`)
      .find((copy) =>
        copy.startsWith(prefix) && !this.skipped.has(copy) &&
        sameContent(this.entry(owner, copy), entry) &&
        (onto.length === 1 || sameContent(this.entry(otherSide(owner), copy), entry))
      );
  }

  private freeName(owner: Side, path: string): string {
    for (let count = 1;; count++) {
      const name = conflictName.make(path, owner, this.now, count);
      const taken = this.entry("local", name) ?? this.entry("remote", name) ?? this.agreed(name);
      if (taken !== undefined || this.given.has(name) || this.skipped.has(name)) continue;
      this.given.add(name);
      return name;
    }
  }

  /** Returns the mode of a file that both sides have: that of the side that changed it; executable if unsure. */
  mergedMode(path: string, local: FileEntry, remote: FileEntry): boolean {
    if (executable(local) === executable(remote)) return executable(local);
    const agreed = this.agreed(path);
    return agreed?.kind === "file" ? !executable(agreed) : true;
  }
}

function filesByDigest(entries: ReadonlyMap<string, Entry>): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [path, entry] of entries) {
    if (entry.kind === "file" && entry.size > 0) paths.set(entry.digest, path);
  }
  return paths;
}
