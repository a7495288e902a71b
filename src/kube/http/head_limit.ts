/** Time limit until a server starts to answer. */
import type { Clock } from "../../base/clock.ts";
import { silenceError, type Whereabouts } from "../failures.ts";

/** Aborts a request with a `KodamaError` when the time is up; once disposed of, never. */
export class HeadLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: Disposable | undefined;

  /** @param limitMs no limit if undefined. */
  constructor(clock: Clock, limitMs: number | undefined, at: Whereabouts) {
    if (limitMs === undefined) return;
    this.#timer = clock.timer(limitMs, () => this.#controller.abort(silenceError(at, limitMs)));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
