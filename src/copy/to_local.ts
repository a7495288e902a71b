/** Copies onto this machine: written under a temporary name beside the path, and renamed only at the end. */
import { metered } from "./bodies.ts";
import type { CopyTotals, FileSource, Meter, SparseSource, TreeSource } from "./source.ts";
import type { TreeEntry } from "./entry.ts";
import { OtherPrefixError } from "./from_pod.ts";
import { mayResume } from "./pod_script.ts";

/** A file being written. Disposing of it closes it; its bytes stay, so that another attempt can resume, unless discarded. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes of an earlier attempt. */
  readonly have: number;
  readPrefix(): AsyncIterable<Uint8Array>;
  /** Truncates it to its first `length` bytes. */
  cutTo(length: number): Promise<void>;
  /** Resolves when the system has taken them. Rejects with an error that names the file. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Sets its size, its mode and time if they are known, and its name. */
  place(size: number, attributes: Pick<FileSource, "mode" | "mtime">): Promise<void>;
  /** Removes its bytes: nothing can be resumed from them. */
  discard(): Promise<void>;
}

/** A folder being written. Disposing of it removes files that weren't moved to its path. */
export interface UnpackFolder extends AsyncDisposable {
  /** Creates an entry. Rejects if the archive is hostile or the system refuses. */
  put(entry: TreeEntry): Promise<void>;
  /** Moves all of it to its path; returns notes to report. */
  place(): Promise<readonly string[]>;
}

/** Copies a file. Throws the errors of the source and the system. */
export async function saveFile(
  source: FileSource,
  partial: PartialFile,
  meter: Meter,
): Promise<CopyTotals> {
  return await orDiscarded(partial, () => saveBytes(source, partial, meter));
}

/** Copies a file with its holes. */
export async function saveSparse(
  source: SparseSource,
  partial: PartialFile,
  meter: Meter,
): Promise<CopyTotals> {
  return await orDiscarded(partial, () => saveParts(source, partial, meter));
}

/** Removes a failure's partial file, unless another attempt may resume from it. */
async function orDiscarded<T>(partial: PartialFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!mayResume(error)) await partial.discard();
    throw error;
  }
}

async function saveBytes(
  source: FileSource,
  partial: PartialFile,
  meter: Meter,
): Promise<CopyTotals> {
  const at = source.checksum === undefined ? 0 : Math.min(partial.have, source.size ?? 0);
  let before = undefined;
  if (at > 0) {
    before = source.checksum?.make();
    for await (const bytes of partial.readPrefix()) before?.update(bytes);
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
    if (error instanceof OtherPrefixError) await partial.cutTo(0);
    throw error;
  }
  await partial.place(end, source);
  return totals(source, { files: 1, bytes: end, resumedBytes: at });
}

async function saveParts(
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
  const { notes, failure } = await source.finish();
  const placed = await folder.place();
  return { ...totals(source, counts), notes: [...notes, ...placed], failure };
}

function totals(
  { checksum }: Pick<FileSource, "checksum">,
  counts: Pick<CopyTotals, "files" | "bytes" | "resumedBytes">,
): CopyTotals {
  return { ...counts, checksum: checksum?.name ?? null, notes: [], failure: undefined };
}
