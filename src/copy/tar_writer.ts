/** Writes entries as a tar archive that GNU tar and busybox tar both read: GNU's dialect without sparse files. */
import { joinBytes } from "../base/byte_buffer.ts";
import { type TreeEntry, WholeBody } from "./entry.ts";
import { dataBytes, oldMapBlocks } from "./sparse.ts";
import { blockBytes, encodeHeader, type NewHeader, TarError } from "./tar_header.ts";

/** Small pieces are sent together: each message to a server has a cost. */
const chunkBytes = 128 * 1024;

/** Tars write whole records, and some read nothing less. */
const recordBytes = 20 * blockBytes;

/** Capabilities of the archive's reader. */
interface WriterOptions {
  /** The reader supports GNU's sparse files; if not, holes are written as zeros. */
  sparse: boolean;
}

/** Yields the bytes of the archive. Chunks are owned by the consumer. */
export async function* writeTar(
  entries: AsyncIterable<TreeEntry>,
  options: WriterOptions,
): AsyncGenerator<Uint8Array, void> {
  const out = new Joiner();
  for await (const entry of entries) {
    const { header, rest } = headerOf(entry, options);
    // Not `yield*`, which awaits each piece, and the end even if there are none.
    for (const chunk of out.add(header)) yield chunk;
    for (const chunk of out.add(rest)) yield chunk;
    if (entry.kind !== "file") continue;
    let written = 0;
    const { body } = entry;
    if (body instanceof WholeBody) {
      const bytes = body.take();
      written = bytes.length;
      for (const chunk of out.add(bytes)) yield chunk;
    } else {
      for await (const piece of options.sparse ? body : expanded(entry)) {
        written += piece.length;
        for (const chunk of out.add(piece)) yield chunk;
      }
    }
    const size = options.sparse && entry.sparse !== undefined
      ? dataBytes(entry.sparse)
      : entry.size;
    // The header has been sent with another size: the reader would lose the position.
    if (written !== size) throw new TarError("a file's size isn't what its header said");
    const padding = zeros.subarray(0, (blockBytes - size % blockBytes) % blockBytes);
    for (const chunk of out.add(padding)) yield chunk;
  }
  const end = 2 * blockBytes;
  const total = Math.ceil((out.total + end) / recordBytes) * recordBytes;
  yield* out.add(new Uint8Array(total - out.total));
  yield* out.flush();
}

const dot = new TextEncoder().encode("./");
const slash = new TextEncoder().encode("/");

function headerOf(
  entry: TreeEntry,
  options: WriterOptions,
): { header: Uint8Array; rest: Uint8Array } {
  const { mode, mtime } = entry;
  // With this prefix, a name that starts with a dash or looks like a volume's is a plain name.
  const path = joinBytes([dot, entry.path]);
  const plain = (more: Pick<NewHeader, "type" | "size"> & Partial<NewHeader>) => ({
    header: encodeHeader({ name: path, mode, mtime, ...more }),
    rest: new Uint8Array(),
  });
  switch (entry.kind) {
    case "folder": {
      const name = entry.path.length === 0 ? dot : joinBytes([path, slash]);
      return plain({ name, type: "5", size: 0 });
    }
    case "symbolicLink":
      return plain({ type: "2", size: 0, linkName: entry.target });
    case "hardLink":
      return plain({ type: "1", size: 0, linkName: joinBytes([dot, entry.target]) });
    case "file": {
      const { sparse, size } = entry;
      if (sparse === undefined || !options.sparse) return plain({ type: "0", size });
      const { fill, rest } = oldMapBlocks(sparse);
      const header = encodeHeader(
        { name: path, type: "S", mode, mtime, size: dataBytes(sparse) },
        fill,
      );
      return { header, rest };
    }
  }
}

const zeros = new Uint8Array(64 * 1024);

/** Yields the data with its holes as zeros. */
export async function* expanded(
  { size, sparse, body }: Extract<TreeEntry, { kind: "file" }>,
): AsyncGenerator<Uint8Array, void> {
  if (sparse === undefined) return yield* body;
  let at = 0;
  for await (const { offset, bytes } of placed(sparse.parts, body)) {
    yield* hole(offset - at);
    yield bytes;
    at = offset + bytes.length;
  }
  yield* hole(size - at);
}

function* hole(length: number): Generator<Uint8Array, void> {
  for (let left = length; left > 0; left -= zeros.length) {
    yield zeros.subarray(0, Math.min(left, zeros.length));
  }
}

/** Yields pieces of data with their offsets in the file: each within a single part. */
export async function* placed(
  parts: readonly { offset: number; length: number }[],
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ offset: number; bytes: Uint8Array }, void> {
  let [part, within] = [0, 0];
  for await (const piece of body) {
    for (let rest = piece; rest.length > 0;) {
      const { offset, length } = parts[part] ?? { offset: 0, length: 0 };
      if (within === length && part < parts.length) {
        [part, within] = [part + 1, 0];
        continue;
      }
      if (part >= parts.length) throw new TarError("a sparse file has more data than its map");
      const bytes = rest.subarray(0, length - within);
      yield { offset: offset + within, bytes };
      within += bytes.length;
      rest = rest.subarray(bytes.length);
    }
  }
}

/** Joins small pieces; large pieces pass as they are. Each call returns the chunks to send now. */
class Joiner {
  #buffer = new Uint8Array(chunkBytes);
  #filled = 0;
  total = 0;

  *add(bytes: Uint8Array): Generator<Uint8Array, void> {
    this.total += bytes.length;
    if (this.#filled + bytes.length > chunkBytes) yield* this.flush();
    if (bytes.length >= chunkBytes / 2) return yield* this.#pass(bytes);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  *#pass(bytes: Uint8Array): Generator<Uint8Array, void> {
    yield* this.flush();
    yield bytes;
  }

  *flush(): Generator<Uint8Array, void> {
    if (this.#filled === 0) return;
    yield this.#buffer.subarray(0, this.#filled);
    this.#buffer = new Uint8Array(chunkBytes);
    this.#filled = 0;
  }
}
