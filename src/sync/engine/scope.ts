/** A part of two folders that can be reconciled by itself: the paths to inspect after an edit of a few files. */
import { type Ancestor, type Entry, parentOf, type Snapshot, upwards } from "../core/model.ts";

/** Both sides and the ancestor. */
export interface States {
  local: Snapshot;
  remote: Snapshot;
  ancestor: Ancestor | undefined;
}

/**
 * Returns the paths that changed paths may affect: they themselves and all below them; the folders above; their
 * siblings, which may be copies of conflicts. If a folder isn't one in all three states, all that is in it belongs
 * together.
 */
export function scopeOf(changed: Iterable<string>, states: States): Set<string> {
  const roots = new Set<string>();
  for (const path of changed) roots.add(topmostUnlike(path, states));
  const isNear = nearTest(roots);
  const scope = new Set<string>();
  for (const entries of allEntries(states)) {
    for (const path of entries.keys()) if (isNear(path)) scope.add(path);
  }
  for (const path of roots) for (const at of upwards(path)) scope.add(at);
  return scope;
}

/** Few folders are compared with each path in turn: the test runs for every existing path. */
const fewRoots = 16;

/** Returns a test whether a path is below one of the roots, or beside one. */
function nearTest(roots: ReadonlySet<string>): (path: string) => boolean {
  const parents = new Set([...roots].map(parentOf));
  if (roots.size > fewRoots) {
    return (path) => {
      if (parents.has(parentOf(path))) return true;
      for (const at of upwards(path)) if (roots.has(at)) return true;
      return false;
    };
  }
  const beginnings = [...roots].map((root) => `${root}/`);
  const folders = [...parents].map((folder) => folder === "" ? "" : `${folder}/`);
  return (path) =>
    beginnings.some((beginning) => path.startsWith(beginning)) ||
    folders.some((folder) => path.startsWith(folder) && path.indexOf("/", folder.length) < 0);
}

function allEntries({ local, remote, ancestor }: States): ReadonlyMap<string, Entry>[] {
  return [local.entries, remote.entries, ancestor?.entries ?? new Map()];
}

/** Returns the path, or the highest folder above it that isn't a folder on both sides and in the ancestor. */
function topmostUnlike(path: string, states: States): string {
  const maps = allEntries(states);
  let found = path;
  for (const at of upwards(path)) {
    if (at === path) continue;
    if (maps.some((entries) => entries.get(at)?.kind !== "folder")) found = at;
  }
  return found;
}

/** Returns the states reduced to the scope. Folders beside it count as seen, without their content. */
export function within(scope: ReadonlySet<string>, { local, remote, ancestor }: States): States {
  const side = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    entries: picked(scope, snapshot.entries),
    unread: new Set([...snapshot.unread].filter((path) => path === "" || scope.has(path))),
  });
  return {
    local: side(local),
    remote: side(remote),
    ancestor: ancestor && { ...ancestor, entries: picked(scope, ancestor.entries) },
  };
}

function picked(
  scope: ReadonlySet<string>,
  entries: ReadonlyMap<string, Entry>,
): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const path of scope) {
    const entry = entries.get(path);
    if (entry !== undefined) found.set(path, entry);
  }
  return found;
}
