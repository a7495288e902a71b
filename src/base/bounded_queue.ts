/**
 * A bounded queue between a consumer and any number of producers: a producer waits while it is full, so that a slow
 * consumer slows its producers and memory stays flat.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  /** A ring: an item is removed as it is taken, however long the queue is in use. */
  readonly #ring: (T | undefined)[];
  #head = 0;
  #size = 0;
  #waitingProducers: (() => void)[] = [];
  #wakeConsumer: (() => void) | undefined;
  #state: { kind: "open" } | { kind: "closed" } | { kind: "failed"; error: unknown } = {
    kind: "open",
  };

  /** @param capacity maximum number of queued items; at least 1. */
  constructor(readonly capacity: number) {
    if (!(capacity >= 1)) throw new RangeError("a queue holds at least one item");
    this.#ring = new Array<T | undefined>(capacity);
  }

  /** The number of queued items. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when the item is queued. A producer that awaits each push preserves its order. After `close`, `fail` or
   * `discard` the item is dropped: there is no consumer.
   */
  async push(item: T): Promise<void> {
    while (this.#state.kind === "open" && this.size >= this.capacity) {
      await new Promise<void>((resolve) => this.#waitingProducers.push(resolve));
    }
    if (this.#state.kind !== "open") return;
    this.#ring[(this.#head + this.#size++) % this.capacity] = item;
    this.#wake();
  }

  /** The consumer gets the queued items, then the end. */
  close(): void {
    this.#end({ kind: "closed" });
  }

  /** The consumer gets the queued items, then this error. */
  fail(error: unknown): void {
    this.#end({ kind: "failed", error });
  }

  /** The consumer has stopped: drops the queued items, and resumes every producer. */
  discard(): void {
    this.#ring.fill(undefined);
    this.#size = 0;
    this.#end({ kind: "closed" });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.size > 0) yield this.#take();
      if (this.#state.kind === "failed") throw this.#state.error;
      if (this.#state.kind === "closed") return;
      await new Promise<void>((resolve) => this.#wakeConsumer = resolve);
    }
  }

  #take(): T {
    const item = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#size -= 1;
    this.#waitingProducers.shift()?.();
    return item;
  }

  #end(state: { kind: "closed" } | { kind: "failed"; error: unknown }): void {
    if (this.#state.kind === "open") this.#state = state;
    for (const resume of this.#waitingProducers.splice(0)) resume();
    this.#wake();
  }

  #wake(): void {
    this.#wakeConsumer?.();
    this.#wakeConsumer = undefined;
  }
}
