/** Waits of tests for states that events change. */
import { waitingFor } from "./waits.ts";

/** The changes of a state, which tests wait for: each wait looks at the state now and after each change. */
export class Changes {
  #next = Promise.withResolvers<void>();
  #ended: (() => Error) | undefined;

  /** Reports a change. */
  changed(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Reports that no change will follow: waits for a state that isn't there reject with the error. */
  end(error: () => Error): void {
    this.#ended = error;
    this.changed();
  }

  /** Resolves once the condition holds; until then, the error of a test that doesn't end has the description. */
  async holds(
    what: string | (() => string),
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    await waitingFor(what, this.#holds(condition));
  }

  async #holds(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (;;) {
      // From before the look: a change during it isn't lost.
      const { promise: changed } = this.#next;
      const ended = this.#ended;
      if (await condition()) return;
      if (ended !== undefined) throw ended();
      await changed;
    }
  }
}
