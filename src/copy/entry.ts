/** The entries of a copied folder, whatever its source and destination. */
import type { SparseMap } from "./sparse.ts";

/** Fields of every entry. */
interface Named {
  /** Relative to the copied folder, with `/` between its parts; no bytes for the folder itself. */
  path: Uint8Array;
  /** Permissions: the lower twelve bits. */
  mode: number;
  /** Modification time, in seconds since 1970. */
  mtime: number;
}

/** An entry below the folder. */
export type TreeEntry =
  | Named & { kind: "folder" }
  | Named & {
    kind: "file";
    /** Including its holes. */
    size: number;
    /** Absent: all of it is data. */
    sparse?: SparseMap;
    /** The data, without holes. It must be read before the next entry is requested, or never. */
    body: AsyncIterable<Uint8Array>;
  }
  | Named & { kind: "symbolicLink"; target: Uint8Array }
  /** Another name of an earlier file. */
  | Named & { kind: "hardLink"; target: Uint8Array };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns a name as text; undefined if it isn't UTF-8. */
export function nameText(name: Uint8Array): string | undefined {
  // The decoder's call costs more than typical names do.
  if (name.every((byte) => byte < 0x80)) return String.fromCharCode(...name);
  try {
    return strict.decode(name);
  } catch {
    return undefined;
  }
}

/** Returns a name with each byte that isn't UTF-8 written as `\xFF`: for messages, and if names must be text. */
export function escapedName(name: Uint8Array): string {
  const whole = nameText(name);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < name.length;) {
    const length = [1, 2, 3, 4].find((one) => nameText(name.subarray(at, at + one)) !== undefined);
    if (length === undefined) {
      text += `\\x${(name[at] ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
      at += 1;
    } else {
      text += nameText(name.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/**
 * Data that is available at once, as that of small files is: a consumer that checks for it needs no await. With ten
 * thousand files, the awaits cost more than the work.
 */
export class WholeBody implements AsyncIterable<Uint8Array> {
  /** @param take returns all of the data. Once, and before the next entry is requested. */
  constructor(readonly take: () => Uint8Array) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const bytes = this.take();
    if (bytes.length > 0) yield bytes;
  }
}

/** Yields the same data; `look` is called with each piece as it is taken, `atEnd` at the end. */
export function watched(
  body: AsyncIterable<Uint8Array>,
  look: (bytes: Uint8Array) => void,
  atEnd: () => void = () => {},
): AsyncIterable<Uint8Array> {
  if (!(body instanceof WholeBody)) return watchedPieces(body, look, atEnd);
  return new WholeBody(() => {
    const bytes = body.take();
    look(bytes);
    atEnd();
    return bytes;
  });
}

async function* watchedPieces(
  body: AsyncIterable<Uint8Array>,
  look: (bytes: Uint8Array) => void,
  atEnd: () => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of body) {
    look(bytes);
    yield bytes;
  }
  atEnd();
}
