/** What became of a folder between two snapshots. */
import { type Entry, sameEntry, type Snapshot } from "./model.ts";

/** One difference. */
export type Difference =
  | { kind: "created" | "deleted"; path: string; entry: Entry }
  | { kind: "changed"; path: string; before: Entry; after: Entry }
  /** A guess that saves a transfer: a file gone from one path, and the same content new at another. */
  | { kind: "renamed"; path: string; from: string; entry: Entry };

/** The differences in the order of their paths, as code units compare. */
export function snapshotDiff(before: Snapshot, after: Snapshot): Difference[] {
  const differences: Difference[] = [];
  const vanished = vanishedFiles(before, after);
  for (const [path, entry] of after.entries) {
    const old = before.entries.get(path);
    if (sameEntry(old, entry)) continue;
    if (old !== undefined) {
      differences.push({ kind: "changed", path, before: old, after: entry });
      continue;
    }
    const from = entry.kind === "file" ? vanished.get(entry.digest)?.pop() : undefined;
    if (from === undefined) differences.push({ kind: "created", path, entry });
    else differences.push({ kind: "renamed", path, from, entry });
  }
  const moved = new Set(differences.flatMap((one) => one.kind === "renamed" ? [one.from] : []));
  for (const [path, entry] of before.entries) {
    if (after.entries.has(path) || moved.has(path)) continue;
    differences.push({ kind: "deleted", path, entry });
  }
  return differences.sort((one, other) => one.path < other.path ? -1 : 1);
}

function vanishedFiles(before: Snapshot, after: Snapshot): Map<string, string[]> {
  const byDigest = new Map<string, string[]>();
  for (const [path, entry] of before.entries) {
    if (entry.kind !== "file" || entry.size === 0 || after.entries.has(path)) continue;
    const paths = byDigest.get(entry.digest);
    if (paths === undefined) byDigest.set(entry.digest, [path]);
    else paths.push(path);
  }
  return byDigest;
}
