/** The entries of a folder sent to a pod: counted, checksummed, and in the layout that its script expects. */
import { joinBytes } from "../base/join_bytes.ts";
import { metered, summed } from "./bodies.ts";
import type { NewChecksum } from "./checksum.ts";
import type { TreeEntry } from "./entry.ts";
import type { Manifest } from "./manifest.ts";
import type { Meter } from "./source.ts";
import { WholeBody } from "./whole_body.ts";

/** Yields the entries, counted; their data is checksummed as it is read. */
export async function* watchedEntries(
  entries: AsyncIterable<TreeEntry>,
  { make, manifest, totals, meter }: {
    make: NewChecksum | undefined;
    manifest: Manifest;
    totals: { files: number; bytes: number };
    meter: Meter;
  },
): AsyncGenerator<TreeEntry, void> {
  for await (const entry of entries) {
    if (entry.kind !== "file") {
      if (entry.kind === "hardLink") manifest.addName(entry.path, entry.target);
      yield entry;
      continue;
    }
    const checksum = make?.();
    const body = metered(entry.body, meter);
    const file = { ...entry, body };
    yield checksum === undefined ? file : { ...file, body: summed(file, checksum) };
    totals.files += 1;
    totals.bytes += entry.size;
    if (checksum !== undefined) manifest.add(checksum.result(), entry);
  }
}

/**
 * Yields what remote ends are sent: all of it in `tree/`, folders that are writable while they are filled, and an end.
 *
 * @param ending called when all entries were read: returns the line of the file `end`.
 */
export async function* closed(
  entries: AsyncIterable<TreeEntry>,
  ending: () => Promise<string>,
): AsyncGenerator<TreeEntry, void> {
  const folders: TreeEntry[] = [];
  for await (const plain of entries) {
    const entry = inTree(plain);
    if (entry.kind !== "folder") {
      yield entry;
      continue;
    }
    folders.push(entry);
    yield { ...entry, mode: entry.mode | 0o700 };
  }
  // Again: busybox sets their times and modes at once, and adding content changes these.
  yield* folders.toReversed();
  const line = encoder.encode(`${await ending()}\n`);
  const body = new WholeBody(() => line);
  yield { kind: "file", path: end, mode: 0o600, mtime: 0, size: line.length, body };
}

const encoder = new TextEncoder();
const tree = encoder.encode("tree");
const slash = encoder.encode("/");
const end = encoder.encode("end");

function inTree(entry: TreeEntry): TreeEntry {
  const path = entry.path.length === 0 ? tree : joinBytes([tree, slash, entry.path]);
  if (entry.kind !== "hardLink") return { ...entry, path };
  return { ...entry, path, target: joinBytes([tree, slash, entry.target]) };
}
