/** A local archive as the source of a restore: it is validated completely before anything is created from it. */
import { action, hint } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import { ByteReader } from "../../../copy/byte_reader.ts";
import { escapedName, type TreeEntry } from "../../../copy/entry.ts";
import type { FileSource, TreeSource } from "../../../copy/source.ts";
import { TarError } from "../../../copy/tar_header.ts";
import { TarReader } from "../../../copy/tar_reader.ts";
import {
  type CarriedFolder,
  carriedFolders,
  isCarried,
  isPassedOver,
} from "../../../session/carried.ts";
import { sessionOf } from "../../../session/document.ts";
import type { Session } from "../../../session/model.ts";
import type { Host } from "../../host.ts";
import { documentEntry, endEntry } from "./archive_write.ts";
import { ownSpec } from "../definition.ts";
import { fill } from "../fill.ts";
import { podChecksums } from "../pod_files.ts";
import { fileSpec } from "./file_spec.ts";
import type { RestoreSource } from "./restore_source.ts";

/**
 * Returns a file as a source. It contains no secrets, and its session counts as far as a repository's settings do.
 *
 * @throws KodamaError `config` if it isn't complete.
 */
export async function archiveSource(host: Host, file: string): Promise<RestoreSource> {
  const path = file.startsWith("/") ? file : `${host.places.workingDir}/${file}`;
  const { session, takenAt, files, bytes, open } = await readArchive(host, path);
  const what = "cannot restore the files";
  const { spec, replaced } = fileSpec(session.spec, await ownSpec(host));
  return {
    session: { ...session, spec },
    replaced,
    takenAt,
    content: { kind: "file", files, bytes },
    open: async () => {
      const checksums = await podChecksums(host);
      return { fill: (pod) => fill(pod, { open, checksums, what }) };
    },
  };
}

/** A complete archive. */
interface Archive {
  /** The session as it was. */
  session: Session;
  takenAt: Date;
  files: number;
  bytes: number;
  /** Opens the files of a folder. */
  open(folder: CarriedFolder): Promise<AsyncDisposable & { source: TreeSource }>;
}

/** The size limit of a session's document. */
const maxDocument = 1024 * 1024;

/**
 * Reads an archive from start to end.
 *
 * @throws KodamaError `config` if it isn't an archive of a session, is damaged, or is truncated.
 */
export async function readArchive(host: Host, path: string): Promise<Archive> {
  const source = await (await host.copyFiles()).source(path);
  if (source.kind !== "file") throw damaged(path, "it is a folder");
  try {
    return {
      ...await inspectArchive(source),
      open: (folder) => Promise.resolve(opened(source, folder)),
    };
  } catch (error) {
    // The platform's errors for data that isn't valid gzip, or is truncated.
    if (error instanceof TypeError || error instanceof TarError) throw damaged(path, error.message);
    throw error;
  }
}

function damaged(path: string, reason: string): KodamaError {
  return new KodamaError("config", `${path} is not a complete snapshot of a session: ${reason}`, {
    hint: hint`${action("snapshot", { name: "NAME" })} creates one`,
  });
}

async function* entriesOf(file: FileSource): AsyncGenerator<TreeEntry, void> {
  const plain = ReadableStream.from(owned(file.read(0)))
    .pipeThrough(new DecompressionStream("gzip"));
  const bytes = new ByteReader(plain);
  try {
    yield* new TarReader(bytes, () => {
      throw new TarError("it contains an entry that is neither a file, a folder nor a link");
    }).entries();
    // Read to the very end: the checksum over all of it is there.
    while (await bytes.upTo(65_536) !== undefined);
  } finally {
    await bytes.close();
  }
}

/** The platform's streams need bytes that are not shared. */
async function* owned(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}

async function inspectArchive(file: FileSource): Promise<Omit<Archive, "open">> {
  const links = new Set<string>();
  const totals = { files: 0, bytes: 0 };
  let first: { session: Session; takenAt: Date } | undefined;
  let ended = false;
  for await (const entry of entriesOf(file)) {
    const path = escapedName(entry.path);
    if (first === undefined) {
      first = await documentOf(path, entry);
      continue;
    }
    if (ended) throw new TarError("it has data after its end");
    if (path === endEntry) {
      ended = true;
      continue;
    }
    refuseStrange(path, links);
    if (entry.kind === "symbolicLink") links.add(path);
    if (entry.kind !== "file") continue;
    totals.files += 1;
    totals.bytes += entry.size;
    for await (const _bytes of entry.body);
  }
  if (first === undefined || !ended) throw new TarError("it was cut off");
  return { ...first, ...totals };
}

async function documentOf(path: string, entry: TreeEntry) {
  if (path !== documentEntry || entry.kind !== "file" || entry.size > maxDocument) {
    throw new TarError(`it doesn't start with ${documentEntry}`);
  }
  const text = await new Response(ReadableStream.from(owned(entry.body))).text();
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch {
    throw new TarError(`${documentEntry} isn't YAML`);
  }
  const read = sessionOf(document);
  if (read.kind === "wrong") throw new TarError(`${documentEntry}: ${read.reason}`);
  return { session: read.session, takenAt: new Date(entry.mtime * 1000) };
}

/** Refuses paths that aren't a session's, and paths that would be written through a link to somewhere else. */
function refuseStrange(path: string, links: ReadonlySet<string>): void {
  const parts = path.split("/");
  const folder = carriedFolders.find(({ root }) => root === parts[0]);
  const below = parts.slice(1).join("/");
  const isPart = folder !== undefined &&
    (isCarried(folder, below, { withSecrets: false }) || isPassedOver(folder, below));
  if (!isPart) {
    throw new TarError(`${path} isn't part of a session`);
  }
  for (let length = 1; length < parts.length; length++) {
    const parent = parts.slice(0, length).join("/");
    if (links.has(parent)) throw new TarError(`${path} is behind a link`);
  }
}

function opened(
  file: FileSource,
  folder: CarriedFolder,
): AsyncDisposable & { source: TreeSource } {
  const { root } = folder;
  const prefix = `${root}/`.length;
  async function* entries(): AsyncGenerator<TreeEntry, void> {
    for await (const entry of entriesOf(file)) {
      const [top] = escapedName(entry.path).split("/", 1);
      if (top !== root) continue;
      const path = entry.path.subarray(prefix);
      if (isPassedOver(folder, escapedName(path))) continue;
      if (entry.kind === "hardLink") {
        yield { ...entry, path, target: entry.target.subarray(prefix) };
      } else yield { ...entry, path };
    }
  }
  const settle = () => Promise.resolve({ notes: [], failure: undefined });
  const source: TreeSource = {
    kind: "tree",
    key: `${file.key} ${root}`,
    checksum: undefined,
    bytes: undefined,
    entries,
    finish: settle,
  };
  return { source, [Symbol.asyncDispose]: () => Promise.resolve() };
}
