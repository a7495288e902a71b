/**
 * Event streams, of any number of clients: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * A client has no queue: its stream takes the next event from what all share (a log, a list) when its connection has
 * accepted the one before. A client that doesn't read holds one event, and is disconnected after a minute.
 */
import { onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";

/** Proxies and phones end connections on which nothing is sent. */
const beatMs = 15_000;

/** A client that doesn't read for this many beats is disconnected. */
const maxMissedBeats = 4;

const encoder = new TextEncoder();
const beat = encoder.encode(":\n\n");

/** Returns one event as it is sent. @param text JSON, without line feeds. */
export function eventBytes(
  text: string,
  { id, name }: { id?: number; name?: "end" | "failed" } = {},
): Uint8Array<ArrayBuffer> {
  const lines = [
    ...(name === undefined ? [] : [`event: ${name}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    `data: ${text}`,
  ];
  return encoder.encode(`${lines.join("\n")}\n\n`);
}

/** Those who wait for the next change of something that they share. */
export class ChangeSignal {
  readonly #waiting = new Set<() => void>();

  /** Wakes all of them. */
  notify(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of all) wake();
  }

  /** Resolves after the next change, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    using _aborted = onAbort(signal, () => {
      this.#waiting.delete(resolve);
      resolve();
    });
    await promise;
  }
}

/**
 * Returns the body of a response.
 *
 * @param open yields the events. The signal aborts when the client is gone, and the stream has to end then.
 * @param failed returns the last event of a stream that throws.
 */
export function eventBody(
  open: (signal: AbortSignal) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  { clock, signal, failed, onEnd }: {
    clock: Clock;
    signal: AbortSignal;
    failed: (error: unknown) => Uint8Array<ArrayBuffer>;
    onEnd: () => void;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const gone = new AbortController();
  const events = open(AbortSignal.any([signal, gone.signal]));
  let timer: Disposable | undefined;
  let isEnded = false;
  let missedBeats = 0;
  const end = () => {
    if (isEnded) return;
    isEnded = true;
    timer?.[Symbol.dispose]();
    gone.abort();
    events.return().catch(() => {});
    onEnd();
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const next = () => {
        // Below zero: the event before wasn't taken.
        const isTaken = (controller.desiredSize ?? 0) >= 0;
        missedBeats = isTaken ? 0 : missedBeats + 1;
        if (missedBeats > maxMissedBeats) {
          end();
          controller.error(new DOMException("the client doesn't read", "TimeoutError"));
          return;
        }
        if (isTaken) controller.enqueue(beat);
        timer = clock.timer(beatMs, next);
      };
      timer = clock.timer(beatMs, next);
    },
    async pull(controller) {
      try {
        const { done, value } = await events.next();
        if (isEnded) return;
        if (done !== true) return controller.enqueue(value);
        if (!signal.aborted) controller.enqueue(eventBytes("{}", { name: "end" }));
      } catch (error) {
        if (isEnded) return;
        if (!signal.aborted) controller.enqueue(failed(error));
      }
      end();
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
