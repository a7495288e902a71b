/** The data of a file on its way: counted, and summed up as it passes. */
import type { Checksum } from "./checksum.ts";
import type { TreeEntry } from "./entry.ts";
import type { Meter } from "./source.ts";
import { expanded } from "./tar_writer.ts";

type File = Extract<TreeEntry, { kind: "file" }>;

/** The same data, told to the meter. */
export async function* metered(
  body: AsyncIterable<Uint8Array>,
  meter: Meter,
): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of body) {
    meter.moved(bytes.length);
    yield bytes;
  }
}

/** The same data, added to the checksum: that is of the file as it reads, with zeros for its holes. */
export async function* summed(
  file: File,
  checksum: Checksum,
): AsyncGenerator<Uint8Array, void> {
  const data: Uint8Array[] = [];
  const body = file.sparse === undefined ? file.body : kept(file.body, data);
  for await (const bytes of expanded({ ...file, body })) {
    checksum.update(bytes);
    if (file.sparse === undefined) yield bytes;
    else yield* data.splice(0);
  }
}

/** Keeps each piece until whoever reads it beside has taken it. */
async function* kept(
  body: AsyncIterable<Uint8Array>,
  data: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of body) {
    data.push(bytes);
    yield bytes;
  }
}
