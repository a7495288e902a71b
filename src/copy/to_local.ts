/** Copying onto this machine: written under a temporary name beside the place, and only then given its own. */
import { metered } from "./bodies.ts";
import type { FileSource, Meter, SparseSource, TreeSource } from "./source.ts";
import type { CopyTotals } from "./source.ts";
import type { TreeEntry } from "./entry.ts";
import { OtherBeginningError } from "./from_pod.ts";

/** A file that is being made. Disposing of it closes it; what it has stays, for another attempt to go on from. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes that an earlier attempt has left. */
  readonly have: number;
  beginning(): AsyncIterable<Uint8Array>;
  /** Keeps so many of its first bytes. */
  cutTo(length: number): Promise<void>;
  /** Resolves when the system has taken them. Rejects with the file's name. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Gives it its size, its mode and time where they are known, and its name. */
  place(size: number, kept: Pick<FileSource, "mode" | "mtime">): Promise<void>;
}

/** A folder that is being made. Disposing of it removes what wasn't placed. */
export interface UnpackFolder extends AsyncDisposable {
  /** Makes one entry. Rejects where the archive is hostile or the system says no. */
  put(entry: TreeEntry): Promise<void>;
  /** Puts all of it in its place; gives what there is to say about it. */
  place(): Promise<readonly string[]>;
}

/** Copies a file. Throws what the source or the system throws. */
export async function saveFile(
  source: FileSource,
  partial: PartialFile,
  meter: Meter,
): Promise<CopyTotals> {
  const at = source.checksum === undefined ? 0 : Math.min(partial.have, source.size ?? 0);
  let before = undefined;
  if (at > 0) {
    before = source.checksum?.make();
    for await (const bytes of partial.beginning()) before?.update(bytes);
  }
  await partial.cutTo(at);
  meter.restarted(at);
  let end = at;
  try {
    for await (const bytes of source.read(at, before)) {
      await partial.write(bytes, end);
      end += bytes.length;
      meter.moved(bytes.length);
    }
  } catch (error) {
    if (error instanceof OtherBeginningError) await partial.cutTo(0);
    throw error;
  }
  await partial.place(end, source);
  return totals(source, { files: 1, bytes: end, resumedBytes: at });
}

/** Copies a file with its holes. */
export async function saveSparse(
  source: SparseSource,
  partial: PartialFile,
  meter: Meter,
): Promise<CopyTotals> {
  await partial.cutTo(0);
  meter.restarted(0);
  for await (const { offset, bytes } of source.read()) {
    await partial.write(bytes, offset);
    meter.moved(bytes.length);
  }
  await partial.place(source.size, source);
  return totals(source, { files: 1, bytes: source.size, resumedBytes: 0 });
}

/** Copies a folder. */
export async function saveTree(
  source: TreeSource,
  folder: UnpackFolder,
  meter: Meter,
): Promise<CopyTotals> {
  meter.restarted(0);
  const counts = { files: 0, bytes: 0, resumedBytes: 0 };
  for await (const entry of source.entries()) {
    if (entry.kind !== "file") {
      await folder.put(entry);
      continue;
    }
    await folder.put({ ...entry, body: metered(entry.body, meter) });
    counts.files += 1;
    counts.bytes += entry.size;
  }
  const { notes, failure } = await source.settle();
  const placed = await folder.place();
  return { ...totals(source, counts), notes: [...notes, ...placed], failure };
}

function totals(
  { checksum }: Pick<FileSource, "checksum">,
  counts: Pick<CopyTotals, "files" | "bytes" | "resumedBytes">,
): CopyTotals {
  return { ...counts, checksum: checksum?.name ?? null, notes: [], failure: undefined };
}
