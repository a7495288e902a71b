/** Sends to a script in a pod that may exit before it has taken all. */
import type { FarEnd } from "./remote_script.ts";

/**
 * Sends while reading the script's messages: a script that exits early ends the sending too. Returns whether the end of
 * the input could be signalled.
 */
export async function upload(
  far: FarEnd,
  answers: AsyncIterable<Uint8Array>,
  send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  take: (bytes: Uint8Array) => void = () => {},
): Promise<boolean> {
  const over = new EndedEarly();
  const heard = (async () => {
    try {
      for await (const bytes of answers) take(bytes);
    } finally {
      over.tell();
    }
  })();
  // Reported at the await below; a source that fails is reported before it.
  heard.catch(() => {});
  far.stopped.then(() => over.tell());
  try {
    await send((bytes) => over.unless(far.write(bytes)));
    const told = await over.unless(far.closeInput());
    if (told) await heard;
    return told;
  } catch (error) {
    if (!(error instanceof EndedEarlyError)) throw error;
    const told = await far.closeInput().catch(() => true);
    if (told) await heard;
    return told;
  }
}

class EndedEarlyError extends Error {}

/** A write into a script that has exited may never resolve, or fail: its exit gives the reason. */
class EndedEarly {
  #ended = false;
  #waiting: ((error: EndedEarlyError) => void) | undefined;

  tell(): void {
    this.#ended = true;
    this.#waiting?.(new EndedEarlyError());
  }

  /** One at a time. */
  unless<T>(work: Promise<T>): Promise<T> {
    if (this.#ended) {
      work.catch(() => {});
      return Promise.reject(new EndedEarlyError());
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting = reject;
      work.then(resolve, () => reject(new EndedEarlyError()));
    });
  }
}
