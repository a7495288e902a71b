/**
 * Reads a tar archive as a stream: ustar, pax and GNU's dialects, entry by entry, in little memory.
 *
 * Why not a package: `tar-stream`, `modern-tar` and `tar` return names as text, which loses the bytes of a name that
 * isn't UTF-8, and none of them reads sparse files.
 */
import type { ByteReader } from "./byte_reader.ts";
import { escapedName, type TreeEntry, WholeBody } from "./entry.ts";
import {
  blockBytes,
  decodeHeader,
  isZeroBlock,
  parsePax,
  paxBytes,
  paxNumber,
  TarError,
  type TarHeader,
  untilNul,
} from "./tar_header.ts";
import { dataBytes, paxMap, readLeadingMap, readOldMap, type SparseMap } from "./sparse.ts";

/** An extended header contains names and numbers; a larger header is an attack on memory. */
const maxExtensionBytes = 1024 * 1024;
/** Extended headers before an entry: a long name, a long link's name, and pax's. */
const maxExtensions = 8;
const bodyBytes = 256 * 1024;

/** An entry that isn't copied: a device, a pipe, a socket. */
export interface OmittedEntry {
  path: Uint8Array;
  what: string;
}

/** Extensions that apply to the next entry, read before its header. */
interface Extensions {
  name?: Uint8Array;
  linkName?: Uint8Array;
  pax: Map<string, Uint8Array>;
}

/** Reads an archive. After its entries the reader is positioned after the archive's last block. */
export class TarReader {
  /** Global records, which apply to the whole archive. */
  readonly #global = new Map<string, Uint8Array>();
  /** Remaining data of the last entry, and its padding. */
  #left = 0;
  #padding = 0;

  constructor(
    private readonly bytes: ByteReader,
    private readonly onOmitted: (one: OmittedEntry) => void,
  ) {}

  /**
   * Yields the entries with safe paths. Skips unread bytes of a body.
   *
   * Throws {@link TarError} if the archive is damaged, hostile, or truncated.
   */
  async *entries(): AsyncGenerator<TreeEntry, void> {
    for (;;) {
      const plain = this.#entryAtHand();
      if (plain !== undefined) {
        yield plain;
        continue;
      }
      if (!await this.bytes.skip(this.#left + this.#padding)) throw truncated();
      this.#left = this.#padding = 0;
      const header = await this.#nextHeader();
      if (header === undefined) return;
      const entry = await this.#extendedEntry(header.header, header.extensions);
      if (entry !== undefined) yield entry;
    }
  }

  /** Returns the next entry if it consists of a header alone that has arrived already. */
  #entryAtHand(): TreeEntry | undefined {
    const before = this.#left + this.#padding;
    const seen = this.bytes.atHand(before + blockBytes);
    const block = seen?.subarray(before);
    if (block === undefined || this.#global.size > 0 || !isPlain(block)) return undefined;
    const header = decodeHeader(block);
    this.bytes.take(before + blockBytes);
    this.#startBody(header.size);
    return this.#entryOf(header, nothingSaid);
  }

  async #nextHeader(): Promise<{ header: TarHeader; extensions: Extensions } | undefined> {
    const extensions: Extensions = { pax: new Map() };
    for (let count = 0; count <= maxExtensions; count++) {
      const block = await this.#block();
      if (isZeroBlock(block)) {
        await this.#block();
        return undefined;
      }
      const header = decodeHeader(block);
      if (!await this.#takeExtension(header, extensions)) return { header, extensions };
    }
    throw new TarError("an entry of the archive has too many extended headers");
  }

  /** Returns whether it was an extension. */
  async #takeExtension(header: TarHeader, extensions: Extensions): Promise<boolean> {
    if (!"LKxg".includes(header.type)) return false;
    if (header.size > maxExtensionBytes) throw new TarError("an extended header is too long");
    const padded = Math.ceil(header.size / blockBytes) * blockBytes;
    const body = (await this.#exactly(padded)).slice(0, header.size);
    if (header.type === "L") extensions.name = untilNul(body);
    else if (header.type === "K") extensions.linkName = untilNul(body);
    else {
      const records = header.type === "g" ? this.#global : extensions.pax;
      for (const [key, value] of parsePax(body)) records.set(key, value);
    }
    return true;
  }

  async #extendedEntry(header: TarHeader, extensions: Extensions): Promise<TreeEntry | undefined> {
    const pax = new Map([...this.#global, ...extensions.pax]);
    this.#startBody(paxNumber(pax, "size") ?? header.size);
    const map = isFile(header) ? await this.#mapOf(header, pax) : undefined;
    return this.#entryOf(header, { ...extensions, pax }, map);
  }

  #entryOf(header: TarHeader, extensions: Extensions, map?: SparseMap): TreeEntry | undefined {
    const { pax } = extensions;
    const given = paxBytes(pax, "GNU.sparse.name") ?? paxBytes(pax, "path") ?? extensions.name;
    const path = safePath(given ?? header.name);
    const mtime = paxNumber(pax, "mtime") ?? header.mtime;
    const named = { path, mode: header.mode, mtime };
    const target = paxBytes(pax, "linkpath") ?? extensions.linkName ?? header.linkName;
    if (isFile(header)) return { ...named, kind: "file", ...this.#fileOf(map) };
    switch (header.type) {
      case "0":
      case "5":
        return { ...named, kind: "folder" };
      case "1":
        return { ...named, kind: "hardLink", target: safePath(target) };
      case "2":
        // Copied, because it is retained to the end, and its block isn't.
        return { ...named, kind: "symbolicLink", target: target.slice() };
      default:
        this.onOmitted({ path, what: kinds[header.type] ?? "an unknown kind of file" });
        return undefined;
    }
  }

  #fileOf(map: SparseMap | undefined) {
    if (map === undefined) return { size: this.#left, body: this.#bodyAtHand() ?? this.#body() };
    if (dataBytes(map) !== this.#left) throw new TarError("a sparse file's map is wrong");
    return { size: map.size, sparse: map, body: this.#body() };
  }

  async #mapOf(
    header: TarHeader,
    pax: ReadonlyMap<string, Uint8Array>,
  ): Promise<SparseMap | undefined> {
    if (header.type === "S") return await readOldMap(header.block, () => this.#block());
    const map = paxMap(pax);
    if (map === undefined || !("kind" in map)) return map;
    const leading = await readLeadingMap(map.size, () => this.#block());
    this.#left -= leading.blocks * blockBytes;
    if (this.#left < 0) throw new TarError("a sparse file's map is wrong");
    return leading.map;
  }

  #startBody(size: number): void {
    this.#left = size;
    this.#padding = (blockBytes - size % blockBytes) % blockBytes;
  }

  #bodyAtHand(): WholeBody | undefined {
    const size = this.#left;
    if (size > bodyBytes || this.bytes.atHand(size) === undefined) return undefined;
    return new WholeBody(() => {
      this.#left = 0;
      return this.bytes.take(size);
    });
  }

  async *#body(): AsyncGenerator<Uint8Array, void> {
    while (this.#left > 0) {
      const piece = await this.bytes.upTo(Math.min(this.#left, bodyBytes));
      if (piece === undefined) throw truncated();
      this.#left -= piece.length;
      yield piece;
    }
  }

  #block(): Promise<Uint8Array> {
    return this.#exactly(blockBytes);
  }

  async #exactly(length: number): Promise<Uint8Array> {
    const bytes = await this.bytes.exactly(length);
    if (bytes === undefined) throw truncated();
    return bytes;
  }
}

const nothingSaid: Extensions = { pax: new Map() };
const typeAt = 156;

/** Returns whether it is a file or a folder, as nearly all entries are. A block of zeros is neither. */
function isPlain(block: Uint8Array): boolean {
  return block[typeAt] === 0x30 || block[typeAt] === 0x35;
}

/** Old archives mark a folder only by the slash after its name. */
function isFile({ type, name }: TarHeader): boolean {
  return type === "0" ? name.at(-1) !== 0x2f : type === "7" || type === "S";
}

const kinds: Readonly<Record<string, string>> = {
  "3": "a character device",
  "4": "a block device",
  "6": "a pipe",
};

function truncated(): TarError {
  return new TarError("the archive ends in the middle");
}

/*
 * Checks names out of an archive that a pod made before they are used on this machine. Nothing of an archive may reach
 * a path outside of the folder that it is unpacked into.
 */

/** The limit of file systems on a path (PATH_MAX). */
const maxPathBytes = 4096;
const slash = 0x2f;
const dot = 0x2e;

/**
 * Returns a copy of the path below the folder, without empty parts and dots; no bytes for the folder itself. Throws
 * {@link TarError} if it leads out of the folder.
 */
export function safePath(name: Uint8Array): Uint8Array {
  if (name[0] === slash) throw leadsOut(name);
  const path = new Uint8Array(name.length);
  let length = 0;
  for (let at = 0, end = 0; at < name.length; at = end + 1) {
    end = name.indexOf(slash, at);
    if (end < 0) end = name.length;
    if (isDots(name, at, end)) {
      if (end - at === 2) throw leadsOut(name);
      continue;
    }
    if (length > 0) path[length++] = slash;
    for (let from = at; from < end; from++) path[length++] = name[from] as number;
  }
  if (name.includes(0)) throw new TarError("a name in the archive holds a NUL");
  if (length > maxPathBytes) throw new TarError("a name in the archive is too long");
  return path.subarray(0, length);
}

/** Returns whether a part is empty, `.` or `..`. */
function isDots(name: Uint8Array, at: number, end: number): boolean {
  for (let from = at; from < end; from++) {
    if (name[from] !== dot) return false;
  }
  return end - at <= 2;
}

function leadsOut(name: Uint8Array): TarError {
  return new TarError(`"${escapedName(name)}" in the archive leads out of the folder`);
}
