/**
 * The events of one run, stored once for all its readers: each reads from any point, and then waits for more. Its size
 * has a limit: the oldest lines of output are dropped first, and a reader is informed of how many.
 */
import { ChangeSignal } from "./event_stream.ts";

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
