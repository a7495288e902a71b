/** Progress lines of a wait on standard error, once it has lasted longer than expected. */
import type { ClusterEvent } from "../../../actions/cluster_control.ts";
import type { Clock } from "../../../base/clock.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Sink } from "../../../terminal/sink.ts";
import { clusterEventLine } from "./state.ts";

/** A shorter wait gets no message. */
const silentMs = 1000;

/** Prints the events, starting with the latest one before the first message was due. Dispose of it at the end. */
export class DelayedProgress implements Disposable {
  readonly #sink: Sink;
  readonly #timer: Disposable;
  #silent = true;
  #latest: string | undefined;

  constructor(sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#timer = clock.timer(silentMs, () => {
      this.#silent = false;
      this.#write();
    });
  }

  /** The callback for the events of the wait. */
  readonly notice = (event: ClusterEvent): void => {
    this.#latest = clusterEventLine(event);
    if (!this.#silent) this.#write();
  };

  #write(): void {
    if (this.#latest === undefined) return;
    // Informational: the wait depends neither on its speed nor on anyone reading it.
    this.#sink.write(`${printable(this.#latest)}\n`).catch(() => {});
    this.#latest = undefined;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
