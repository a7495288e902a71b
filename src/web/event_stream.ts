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

/*
 * The events of one run, stored once for all its readers: each reads from any point, and then waits for more. Its size
 * has a limit: the oldest lines of output are dropped first, and a reader is informed of how many.
 */

/** Characters of events that are stored. */
const maxCharacters = 8 * 1024 * 1024;

interface Stored {
  /** From 1, without gaps when it is added. */
  id: number;
  text: string;
  /** Output, which may be dropped. */
  isLine: boolean;
}

/** What a reader gets. */
export type LoggedEvent = { id: number; text: string } | { id: number; omitted: number };

/** A log. */
export class EventLog {
  #events: Stored[] = [];
  #characters = 0;
  #last = 0;
  #isEnded = false;
  readonly #changes = new ChangeSignal();

  constructor(private readonly limit = maxCharacters) {}

  /** Adds an event: JSON, without line feeds. */
  push(text: string, { isLine = false }: { isLine?: boolean } = {}): void {
    this.#events.push({ id: ++this.#last, text, isLine });
    this.#characters += text.length;
    if (this.#characters > this.limit) this.#drop();
    this.#changes.notify();
  }

  /** No event follows. */
  end(): void {
    this.#isEnded = true;
    this.#changes.notify();
  }

  /** Yields the events after the one of an id, until the log or the signal ends. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<LoggedEvent, void> {
    // An id that this log never had is of another one.
    let at = after > this.#last ? 0 : after;
    while (!signal.aborted) {
      const next = this.#events[firstAfter(this.#events, at)];
      if (next !== undefined) {
        if (next.id > at + 1) yield { id: next.id - 1, omitted: next.id - at - 1 };
        at = next.id;
        yield { id: next.id, text: next.text };
      } else if (this.#isEnded) return;
      else await this.#changes.next(signal);
    }
  }

  /** Drops lines, and then everything else, until three quarters of the limit are used: not at each event. */
  #drop(): void {
    let surplus = this.#characters - this.limit * 0.75;
    const without = (isDropped: (one: Stored) => boolean) => {
      this.#events = this.#events.filter((one) => {
        if (surplus <= 0 || !isDropped(one)) return true;
        surplus -= one.text.length;
        this.#characters -= one.text.length;
        return false;
      });
    };
    without(({ isLine }) => isLine);
    without(() => true);
  }
}

/** Returns the index of the first event behind an id; ids ascend. */
function firstAfter(events: readonly Stored[], id: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.id ?? 0) > id) high = middle;
    else low = middle + 1;
  }
  return low;
}
