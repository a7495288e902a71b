/** Data of a file that needn't be waited for. */

/**
 * Data that is there at once, as that of small files is: who knows it takes it without waiting. With ten thousand
 * files, the waiting in between costs more than what is done with them.
 */
export class WholeBody implements AsyncIterable<Uint8Array> {
  /** @param take gives all of the data. Once, and before the next entry is asked for. */
  constructor(readonly take: () => Uint8Array) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const bytes = this.take();
    if (bytes.length > 0) yield bytes;
  }
}

/** The same data; each piece is looked at as it is taken, and so is the end. */
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
