/** Contents of this machine's files, for the other end. */
import type { Content, Wanted } from "../core/tree.ts";

/** Read at once: a thousand small files are read in the time of ten. */
const smallBytes = 1024 * 1024;
const pieceBytes = 256 * 1024;

/** Yields the contents in the given order; omits those that can't be read any more. */
export async function* readContents(
  root: string,
  wanted: readonly Wanted[],
): AsyncGenerator<Content> {
  for (const [at, { path, entry }] of wanted.entries()) {
    const file = `${root}/${path}`;
    if (entry.size <= smallBytes) {
      const bytes = readWhole(file);
      if (bytes !== undefined) yield { at, size: bytes.length, body: once(bytes) };
      continue;
    }
    const open = await Deno.open(file).catch(() => undefined);
    if (open === undefined) continue;
    try {
      const { size, isFile } = await open.stat();
      if (isFile) yield { at, size, body: pieces(open, size) };
    } finally {
      open.close();
    }
  }
}

function readWhole(file: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(file);
  } catch {
    return undefined;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}

/** Yields exactly `size` bytes: a file that shrinks continues in zeros, which its digest rejects. */
async function* pieces(open: Deno.FsFile, size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0;) {
    const buffer = new Uint8Array(Math.min(left, pieceBytes));
    const count = await open.read(buffer) ?? 0;
    const bytes = count === 0 ? buffer : buffer.subarray(0, count);
    left -= bytes.length;
    yield bytes;
  }
}
