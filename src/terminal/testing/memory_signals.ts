/** Signals that a test sends. */
import type { EndSignal, SignalSource } from "../driver/signals.ts";

/** A source of signals without a process. */
export class MemorySignals implements SignalSource {
  readonly #handlers = new Set<(signal: EndSignal) => void>();
  readonly #statusHandlers = new Set<() => void>();

  /** The number of handlers, of both kinds. */
  get listeners(): number {
    return this.#handlers.size + this.#statusHandlers.size;
  }

  listen(handler: (signal: EndSignal) => void): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  onStatus(handler: () => void): Disposable {
    this.#statusHandlers.add(handler);
    return { [Symbol.dispose]: () => void this.#statusHandlers.delete(handler) };
  }

  send(signal: EndSignal): void {
    for (const handler of this.#handlers) handler(signal);
  }

  requestStatus(): void {
    for (const handler of this.#statusHandlers) handler();
  }
}
