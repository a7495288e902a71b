/** A value that changes, of which its readers need only the last state. */

/** Each reader gets the current value first, and then, after it has changed, the last value. */
export class Latest<T> implements AsyncIterable<T> {
  #value: T;
  #version = 0;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    this.#version++;
    this.#wake();
  }

  /** Ends all readers. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    let seen = -1;
    while (!this.#isClosed) {
      if (seen === this.#version) await this.#changed.promise;
      else {
        seen = this.#version;
        yield this.#value;
      }
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
