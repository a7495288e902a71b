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

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name as text; undefined where it isn't UTF-8. */
export function textOf(name: Uint8Array): string | undefined {
  // The decoder's call costs more than the names that are usual.
  if (name.every((byte) => byte < 0x80)) return String.fromCharCode(...name);
  try {
    return strict.decode(name);
  } catch {
    return undefined;
  }
}

/** A name in which every byte that is no UTF-8 is written as `\xFF`: for messages, and where names must be text. */
export function escapedName(name: Uint8Array): string {
  const whole = textOf(name);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < name.length;) {
    const length = [1, 2, 3, 4].find((one) => textOf(name.subarray(at, at + one)) !== undefined);
    if (length === undefined) {
      text += `\\x${(name[at] ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
      at += 1;
    } else {
      text += textOf(name.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}
