/** The lines that a wait writes on standard error, once it has lasted long enough to be wondered at. */
import type { ClusterEvent } from "../actions/cluster_control.ts";
import type { Clock } from "../base/clock.ts";
import { printable } from "../term/printable.ts";
import type { Sink } from "../term/sink.ts";
import { clusterEventLine } from "./cluster_state.ts";

/** A shorter wait needs no words. */
const silentMs = 1000;

/** Writes what is told, the latest first of what was told before it began to speak. Dispose of it at the end. */
export class ToldWait implements Disposable {
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

  /** To be handed to what is waited for. */
  readonly told = (event: ClusterEvent): void => {
    this.#latest = clusterEventLine(event);
    if (!this.#silent) this.#write();
  };

  #write(): void {
    if (this.#latest === undefined) return;
    // Talk: the wait depends neither on its pace nor on there being anybody who listens.
    this.#sink.write(`${printable(this.#latest)}\n`).catch(() => {});
    this.#latest = undefined;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
