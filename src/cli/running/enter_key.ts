/** A person presses Enter while a run goes on: they want to know how far it is. */
import type { Clock } from "../../base/clock.ts";
import type { InputStream } from "../../term/terminal.ts";

/**
 * A run that is over sooner isn't asked about. Until then what is typed stays for the shell, and a run in the
 * background, which the system would stop for reading the terminal, isn't.
 */
const listensAfterMs = 1000;

/** Listens to the terminal's lines until it is disposed of. */
export class EnterKey implements Disposable {
  readonly #over = new AbortController();
  readonly #timer: Disposable;

  constructor(stdin: InputStream, { clock, pressed }: { clock: Clock; pressed: () => void }) {
    this.#timer = clock.timer(listensAfterMs, () => {
      this.#listen(stdin, pressed).catch(() => {
        // A terminal that can't be read asks no questions; the run doesn't depend on it.
      });
    });
  }

  async #listen(stdin: InputStream, pressed: () => void): Promise<void> {
    for await (const bytes of stdin.chunks(this.#over.signal)) {
      if (bytes.includes(0x0a) || bytes.includes(0x0d)) pressed();
    }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#over.abort();
  }
}
