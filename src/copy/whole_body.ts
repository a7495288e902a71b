/** Data of a file that is available synchronously. */

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
