/** What a copy of a folder is made of, wherever it comes from and wherever it goes. */
import type { SparseMap } from "./sparse.ts";

/** What every entry has. */
interface Named {
  /** Below the folder that is copied, with `/` between its parts; no bytes for the folder itself. */
  path: Uint8Array;
  /** Permissions: the lower twelve bits. */
  mode: number;
  /** Last change, in seconds since 1970. */
  mtime: number;
}

/** One thing below the folder. */
export type TreeEntry =
  | Named & { kind: "folder" }
  | Named & {
    kind: "file";
    /** With its holes. */
    size: number;
    /** Absent: all of it is data. */
    sparse?: SparseMap;
    /** The data, without holes. It must be read before the next entry is asked for, or never. */
    body: AsyncIterable<Uint8Array>;
  }
  | Named & { kind: "symbolicLink"; target: Uint8Array }
  /** Another name of a file that came before. */
  | Named & { kind: "hardLink"; target: Uint8Array };

const decoder = new TextDecoder();

/** A path as it is shown: what isn't UTF-8 becomes `\xFF`. */
export function shownPath(path: Uint8Array): string {
  const text = decoder.decode(path);
  return text.includes("\ufffd") ? escapedName(path) : text;
}

/** A name in which every byte that is no UTF-8 is written as `\xFF`: what is kept where names must be text. */
export function escapedName(name: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < name.length;) {
    const length = [4, 3, 2, 1].find((one) => isCharacter(name.subarray(at, at + one), strict));
    if (length === undefined) {
      text += `\\x${(name[at] ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
      at += 1;
    } else {
      text += strict.decode(name.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

function isCharacter(bytes: Uint8Array, strict: TextDecoder): boolean {
  try {
    return [...strict.decode(bytes)].length === 1;
  } catch {
    return false;
  }
}
