/** Writes a session's files as a single archive while they are read from its pod. */
import { metered } from "../../../copy/bodies.ts";
import type { TreeEntry } from "../../../copy/entry.ts";
import type { Checksums, Meter } from "../../../copy/source.ts";
import { joinBytes } from "../../../base/byte_buffer.ts";
import { writeTar } from "../../../copy/tar_writer.ts";
import { KodamaError } from "../../../base/errors.ts";
import { carriedFolders } from "../../../session/carried.ts";
import type { Session } from "../../../session/model.ts";
import type { PodAccess } from "../../../podscript/run_in_pod.ts";
import { sessionText } from "../../../session/state.ts";
import { openCarried } from "../pod_files.ts";

/** The first entry: the session itself. */
export const documentEntry = "session.yaml";
/** The last entry: without it the archive is truncated. */
export const endEntry = "end";

/** Counted during the write. */
export interface ArchiveCounts {
  files: number;
  bytes: number;
  notes: string[];
}

interface ArchiveSource {
  pod: PodAccess;
  session: Session;
  checksums: Checksums;
  meter: Meter;
  counts: ArchiveCounts;
}

/** Returns the bytes of the archive: tar, compressed. Throws if files can't be read, or change during the read. */
export function archiveBytes(source: ArchiveSource, takenAt: Date): AsyncIterable<Uint8Array> {
  const tar = writeTar(entries(source, Math.floor(takenAt.getTime() / 1000)), { sparse: false });
  return ReadableStream.from(owned(tar)).pipeThrough(new CompressionStream("gzip"));
}

/** The platform's streams need bytes that are not shared. */
async function* owned(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}

async function* entries(
  { pod, session, checksums, meter, counts }: ArchiveSource,
  mtime: number,
): AsyncGenerator<TreeEntry, void> {
  yield textEntry(documentEntry, sessionText(session), mtime);
  for (const folder of carriedFolders) {
    await using opened = await openCarried(pod, folder, { checksums, withSecrets: false });
    for await (const entry of opened.source.entries()) {
      const named = below(folder.root, entry);
      if (named.kind !== "file") {
        yield named;
        continue;
      }
      yield { ...named, body: metered(named.body, meter) };
      counts.files += 1;
      counts.bytes += named.size;
    }
    const { notes, failure } = await opened.source.finish();
    if (failure !== undefined) {
      throw new KodamaError("conflict", `cannot read all of ${folder.path}: ${failure}`);
    }
    counts.notes.push(...notes);
  }
  yield textEntry(endEntry, "", mtime);
}

function textEntry(name: string, text: string, mtime: number): TreeEntry {
  const bytes = new TextEncoder().encode(text);
  async function* body() {
    yield bytes;
  }
  const path = new TextEncoder().encode(name);
  return { kind: "file", path, mode: 0o600, mtime, size: bytes.length, body: body() };
}

function below(root: string, entry: TreeEntry): TreeEntry {
  const prefix = new TextEncoder().encode(`${root}/`);
  const path = entry.path.length === 0 ? prefix.subarray(0, -1) : joinBytes([prefix, entry.path]);
  if (entry.kind !== "hardLink") return { ...entry, path };
  return { ...entry, path, target: joinBytes([prefix, entry.target]) };
}
