/** The ignore rules of a synchronisation, from the sources of a folder. */
import type { Ignoring } from "./endpoint.ts";
import { type IgnoreOptions, IgnoreScope, type IgnoreSource } from "./ignore_rules.ts";
import { type Entry, parentOf, type Snapshot } from "./model.ts";

/** Returns the rules of a folder of this machine; those of each subfolder are read once. */
export function ignoringOf(
  read: (folder: string) => readonly IgnoreSource[],
  options: IgnoreOptions = {},
): Ignoring {
  const known = new Map<string, readonly IgnoreSource[]>();
  const sources = (folder: string) => {
    let found = known.get(folder);
    if (found === undefined) known.set(folder, found = read(folder));
    return found;
  };
  const top = IgnoreScope.root(sources(""), options);
  const scopes = new Map<string, IgnoreScope | undefined>([["", top]]);
  /** Returns undefined if the folder itself is ignored. */
  const scopeOf = (folder: string): IgnoreScope | undefined => {
    if (scopes.has(folder)) return scopes.get(folder);
    const at = folder.lastIndexOf("/");
    const above = scopeOf(folder.slice(0, Math.max(0, at)));
    const name = folder.slice(at + 1);
    const scope = above === undefined || above.ignores(name, "folder")
      ? undefined
      : above.enter(name, sources(folder));
    scopes.set(folder, scope);
    return scope;
  };
  return {
    top,
    sources,
    without: (snapshot) => withoutIgnored(snapshot, sources, options),
    ignores(path, kind) {
      const at = path.lastIndexOf("/");
      const scope = scopeOf(path.slice(0, Math.max(0, at)));
      return scope === undefined || scope.ignores(path.slice(at + 1), kind);
    },
  };
}

/**
 * Returns the snapshot without ignored entries. A folder that loses an entry by this is marked: it can't be removed
 * while that is in it. `sources` returns the rules of a folder, "" for the top; for both sides they are read on this
 * machine, as a pod must not choose what leaves it.
 */
export function withoutIgnored(
  snapshot: Snapshot,
  sources: (folder: string) => readonly IgnoreSource[],
  options: IgnoreOptions = {},
): Snapshot {
  const entries = new Map<string, Entry>();
  const unread = new Set<string>();
  const scopes = new Map([["", IgnoreScope.root(sources(""), options)]]);
  const scopeOf = (folder: string): IgnoreScope | undefined => {
    const known = scopes.get(folder);
    if (known !== undefined || !entries.has(folder)) return known;
    const above = scopeOf(parentOf(folder));
    const entered = above?.enter(folder.slice(folder.lastIndexOf("/") + 1), sources(folder));
    if (entered !== undefined) scopes.set(folder, entered);
    return entered;
  };
  // A folder precedes its content.
  for (const path of [...snapshot.entries.keys()].sort()) {
    const entry = snapshot.entries.get(path);
    const parent = parentOf(path);
    const scope = scopeOf(parent);
    // Without a scope, the folder itself is ignored.
    if (entry === undefined || scope === undefined) continue;
    const kind = entry.kind === "folder" ? "folder" : "other";
    if (!scope.ignores(path.slice(path.lastIndexOf("/") + 1), kind)) entries.set(path, entry);
    else if (parent !== "") entries.set(parent, { kind: "folder", holdsOthers: true });
  }
  for (const path of snapshot.unread) {
    const parent = parentOf(path);
    const seen = path === "" || entries.has(path);
    // What could not be read below an included folder stays unknown; below an ignored one it doesn't matter.
    if (seen || (!snapshot.entries.has(path) && (parent === "" || entries.has(parent)))) {
      unread.add(path);
    }
  }
  return { ...snapshot, entries, unread };
}
