/** The data of a file in transit: counted and checksummed as it passes. */
import type { Checksum } from "./checksum.ts";
import { type TreeEntry, watched } from "./entry.ts";
import type { Meter } from "./source.ts";
import { expanded } from "./tar_writer.ts";

type File = Extract<TreeEntry, { kind: "file" }>;

/** Returns the same data, reported to the meter. */
export function metered(body: AsyncIterable<Uint8Array>, meter: Meter): AsyncIterable<Uint8Array> {
  return watched(body, ({ length }) => meter.moved(length));
}

/**
 * Returns the same data, added to the checksum, which covers the file as it reads, with zeros for its holes.
 *
 * @param atEnd called when all of it was taken.
 */
export function summed(
  file: File,
  checksum: Checksum,
  atEnd?: () => void,
): AsyncIterable<Uint8Array> {
  return file.sparse === undefined
    ? watched(file.body, (bytes) => checksum.update(bytes), atEnd)
    : summedWithHoles(file, checksum, atEnd);
}

async function* summedWithHoles(
  file: File,
  checksum: Checksum,
  atEnd?: () => void,
): AsyncGenerator<Uint8Array, void> {
  const data: Uint8Array[] = [];
  for await (const bytes of expanded({ ...file, body: teed(file.body, data) })) {
    checksum.update(bytes);
    yield* data.splice(0);
  }
  atEnd?.();
}

/** Holds each piece until the concurrent reader has taken it. */
async function* teed(
  body: AsyncIterable<Uint8Array>,
  data: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of body) {
    data.push(bytes);
    yield bytes;
  }
}
