/** The recent changes of one collection, so that a watch can start in the past. */
import type { StoreEvent } from "../model.ts";

/** A ring of the latest changes, and the watches that wait for the next one. */
export class History {
  readonly #capacity: number;
  readonly #ring: StoreEvent[] = [];
  readonly #waiting = new Set<() => void>();
  /** The index of the oldest change in the ring, once it is full. */
  #oldest = 0;
  #forgottenThrough: number;

  /** `since`: no change up to this version is stored. */
  constructor(capacity: number, since: number) {
    this.#capacity = capacity;
    this.#forgottenThrough = since;
  }

  /** The version of the latest change that is no longer stored. */
  get forgottenThrough(): number {
    return this.#forgottenThrough;
  }

  append(event: StoreEvent): void {
    if (this.#ring.length < this.#capacity) this.#ring.push(event);
    else {
      this.#forgottenThrough = this.#at(0)?.resourceVersion ?? this.#forgottenThrough;
      this.#ring[this.#oldest] = event;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
    for (const wake of this.#waiting) wake();
  }

  /** Returns the first change after a version, by binary search: versions rise along the ring. */
  firstAfter(version: number): StoreEvent | undefined {
    let [low, high] = [0, this.#ring.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#at(middle)?.resourceVersion ?? Infinity) > version) high = middle;
      else low = middle + 1;
    }
    return this.#at(low);
  }

  /** Calls `wake` at each change until the returned function is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #at(index: number): StoreEvent | undefined {
    return index < this.#ring.length
      ? this.#ring[(this.#oldest + index) % this.#ring.length]
      : undefined;
  }
}
