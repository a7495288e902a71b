/** Cancellable waits: signals joined with time limits, promises raced with signals. */
import type { Clock } from "./clock.ts";

/**
 * A signal that aborts at a time limit, or when its parent, if any, does. Disposing of it removes its timer and its
 * listener; the signal stays as it is.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #cleanup = new DisposableStack();
  #expired = false;

  /**
   * @param limitMs no limit if it is undefined.
   * @param reason of the abort at the limit.
   */
  constructor(
    clock: Clock,
    limitMs: number | undefined,
    parent?: AbortSignal,
    reason: Error = new DOMException("the time is up", "TimeoutError"),
  ) {
    if (parent !== undefined) {
      this.#cleanup.use(onAbort(parent, () => this.#controller.abort(parent.reason)));
    }
    if (limitMs === undefined) return;
    this.#cleanup.use(clock.timer(limitMs, () => {
      this.#expired = true;
      this.#controller.abort(reason);
    }));
  }

  /** Aborted by the parent or by time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Returns whether the time limit aborted it. */
  get expired(): boolean {
    return this.#expired;
  }

  [Symbol.dispose](): void {
    this.#cleanup.dispose();
  }
}

/** Calls once when the signal aborts, or at once if it already has. Disposing removes the listener. */
export function onAbort(signal: AbortSignal, call: () => void): Disposable {
  if (signal.aborted) call();
  else signal.addEventListener("abort", call, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", call) };
}

/**
 * Returns the promise's result, unless the signal aborts first: then it rejects with the signal's reason, and
 * `abandoned` gets a result that arrives later.
 */
export function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  abandoned: (late: T) => void = () => {},
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let given = false;
    const listening = onAbort(signal, () => {
      given = true;
      reject(signal.reason);
    });
    promise.then(
      (value) => given ? abandoned(value) : resolve(value),
      // Nothing receives a rejection after the signal.
      reject,
    ).finally(() => listening[Symbol.dispose]());
  });
}

/** Resolves after a time: true, or false if the promise settled or the signal aborted before. */
export function passed(
  clock: Clock,
  delayMs: number,
  unless: { settled?: Promise<unknown>; signal?: AbortSignal } = {},
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cleanup = new DisposableStack();
  cleanup.use(clock.timer(delayMs, () => resolve(true)));
  if (unless.signal !== undefined) cleanup.use(onAbort(unless.signal, () => resolve(false)));
  unless.settled?.then(() => resolve(false), () => resolve(false));
  return promise.finally(() => cleanup.dispose());
}

/** Resolves after a time; at once if it isn't positive. Rejects with the signal's reason if it aborts first. */
export async function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (delayMs <= 0 || await passed(clock, delayMs, signal === undefined ? {} : { signal })) return;
  throw signal?.reason;
}

/** Consumes an iterable until it ends or the signal aborts; then abandons it without waiting. */
export async function forEachUntil<T>(
  iterable: AsyncIterable<T>,
  signal: AbortSignal,
  take: (item: T) => Promise<void> | void,
): Promise<void> {
  const iterator = iterable[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const result = await orAborted(iterator.next(), signal);
      if (result.done === true) return;
      await take(result.value);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // The source may be in a read that never ends (a terminal), which would block us.
    iterator.return?.().catch(() => {});
  }
}
