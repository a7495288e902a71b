/** Streams of bytes for archives. */
import { joinBytes } from "../../base/join_bytes.ts";
import { archiveBlock } from "./loop.ts";

/** Yields no bytes. */
export async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Yields these bytes. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Yields an archive in whole records. */
export async function* inRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const whole = rest.length === 0 ? chunk : joinBytes([rest, chunk]);
    const end = whole.length - whole.length % archiveBlock;
    if (end > 0) yield whole.subarray(0, end);
    rest = whole.slice(end);
  }
}
