/**
 * Reading a pipe whose writer may outlive the process that matters.
 *
 * A process that ends while a child of its own holds the pipe open never gives an end of file. containerd waits for it
 * without limit by default; here all that is in the pipe is delivered, and then the stream ends {@link heldOpenGraceMs}
 * after the process did.
 */

/** How long a read may stay without data once the process has ended. A pipe that holds data answers at once. */
const heldOpenGraceMs = 500;

/**
 * How long to pause between two reads when the output has no readers any more. A process whose client disconnected
 * continues, so its pipe must not fill up; but one that writes endlessly must not use up a processor.
 */
const discardPauseMs = 50;

/** A pull-driven view of a pipe, which detects the end of its data. */
export interface GuardedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** The end was delivered, or the reader cancelled. */
  readonly finished: Promise<void>;
}

/** Options of {@link guardStream}. */
export interface GuardOptions {
  /** Resolves when the process has ended. */
  exited: Promise<unknown>;
  /** Maps each chunk to the one that is delivered. */
  map?: (bytes: Uint8Array) => Uint8Array;
}

/** Wraps `source`. Nothing is read ahead: unread data stays in the pipe and slows its writer. */
export function guardStream(
  source: ReadableStream<Uint8Array>,
  { exited, map = (bytes) => bytes }: GuardOptions,
): GuardedStream {
  const finished = Promise.withResolvers<void>();
  const reader = source.getReader();
  const exit = new Exit(exited);
  const end = async () => {
    finished.resolve();
    await reader.cancel().catch(() => {});
  };

  async function read(): Promise<Uint8Array | undefined> {
    const timer = exit.timer(heldOpenGraceMs, "afterExit");
    // A read fails if the pipe was closed under it: the process has ended, and so has its output.
    const pending = reader.read().then(({ value }) => value, () => undefined);
    try {
      return await Promise.race([pending, timer.elapsed]);
    } finally {
      timer.clear();
    }
  }

  async function discard(): Promise<void> {
    finished.resolve();
    while (await read() !== undefined) {
      const pause = exit.timer(discardPauseMs, "untilExit");
      await pause.elapsed;
      pause.clear();
    }
    await end();
  }

  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const bytes = await read();
        if (bytes === undefined) {
          await end();
          return controller.close();
        }
        const delivered = map(bytes);
        if (delivered.length > 0) return controller.enqueue(delivered);
      }
    },
    cancel() {
      void discard();
    },
  }, { highWaterMark: 0 });
  return { stream, finished: finished.promise };
}

interface Timer {
  elapsed: Promise<undefined>;
  clear(): void;
}

/** Timers that depend on the process's end, one at a time: a promise would accumulate a listener for each. */
class Exit {
  #exited = false;
  #told: (() => void) | undefined;

  constructor(exited: Promise<unknown>) {
    exited.then(() => {
      this.#exited = true;
      this.#told?.();
    });
  }

  /** Starts at the process's end (`afterExit`), or elapses early at it (`untilExit`). */
  timer(durationMs: number, kind: "afterExit" | "untilExit"): Timer {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapse = () => resolve(undefined);
    const begin = () => {
      timer = setTimeout(elapse, durationMs);
    };
    this.#told = kind === "afterExit" ? begin : elapse;
    if (this.#exited) this.#told();
    else if (kind === "untilExit") begin();
    const clear = () => {
      this.#told = undefined;
      clearTimeout(timer);
    };
    return { elapsed: promise, clear };
  }
}
