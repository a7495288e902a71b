/** When removals by the pod are so many that a person is asked, as if the whole folder were lost. */
import type { Ancestor, Snapshot } from "./model.ts";
import type { SyncAction } from "./plan.ts";

/** So few files are removed without a question: `kodama sync undo` puts them back. */
export const fewRemovals = 20;

/** Returns how many files a plan removes on this machine. A file whose content is still in the pod was renamed. */
export function removalsHere(actions: readonly SyncAction[], remote: Snapshot): number {
  const removed = actions.flatMap((action) =>
    action.kind === "remove" && action.side === "local" ? [action.entry] : []
  );
  if (removed.length === 0) return 0;
  const contents = new Set<string>();
  for (const entry of remote.entries.values()) {
    if (entry.kind === "file") contents.add(entry.digest);
    else if (entry.kind === "symlink") contents.add(`-> ${entry.target}`);
  }
  return removed.filter((entry) =>
    !contents.has(entry.kind === "file" ? entry.digest : `-> ${entry.target}`)
  ).length;
}

/**
 * Returns how many files there were if `count` removals are more than half of them; undefined otherwise. `before` of
 * the count are already carried out.
 */
export function halfRemoved(
  { count, before }: { count: number; before: number },
  ancestor: Ancestor | undefined,
): number | undefined {
  if (count === before || count <= fewRemovals) return undefined;
  let files = before;
  for (const { kind } of ancestor?.entries.values() ?? []) if (kind !== "folder") files++;
  return count * 2 > files ? files : undefined;
}
