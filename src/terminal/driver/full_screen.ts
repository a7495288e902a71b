/** A program that has the whole terminal: keys in, frames out. It always restores the terminal. */
import { forEachUntil, onAbort } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import type { Grid } from "../grid.ts";
import { GridPainter, type GridPainterOptions } from "../grid_painter.ts";
import { type OnInputs, rawKeys, readKeys } from "../key_reader.ts";
import type { InputStream, Size, Terminal } from "../terminal.ts";

/** Changes without a key are drawn together, this often. A person reads no faster. */
const frameMs = 100;

/** Options of a {@link FullScreen}. */
interface FullScreenOptions {
  terminal: Pick<Terminal, "stderr" | "atEnd" | "sizes" | "size">;
  clock: Clock;
  color: boolean;
  tones?: GridPainterOptions["tones"];
  /** Requests clicks and wheel turns; the terminal's own selection of text then needs Shift. */
  mouse?: boolean;
  /** Returns the grid to draw. Called once for each frame. */
  view: () => Grid;
  /** Handles inputs that came together; returns false to end. */
  onInputs: (...args: Parameters<OnInputs>) => boolean;
  /** Returns whether inputs go on to a program that is shown. */
  isForProgram?: () => boolean;
  onResize: (size: Size) => void;
}

/** Draws on the alternate screen of a terminal, of which nothing remains. */
export class FullScreen {
  readonly #painter: GridPainter;
  /** The size of the first frame. */
  readonly #size: Size | undefined;
  #isOpen = false;
  #frame: Disposable | undefined;
  /** A frame is being written: the next frame waits, and shows the latest state then. */
  #isWriting = false;
  #isDue = false;

  constructor(private readonly options: FullScreenOptions) {
    this.#size = options.terminal.size();
    this.#painter = new GridPainter({
      area: "screen",
      color: options.color,
      tones: options.tones ?? {},
      mouse: options.mouse ?? false,
    });
  }

  /** Draws the changed content with the next frame. */
  invalidate(): void {
    if (!this.#isOpen) return;
    this.#frame ??= this.options.clock.timer(frameMs, () => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  /** Draws everything again: something else may have written to the terminal. */
  redraw(): void {
    const { columns } = this.options.terminal.size() ?? { columns: 80 };
    this.#write(this.#painter.resized(columns));
    this.#draw();
  }

  /**
   * Shows the screen until an input ends it or the signal aborts.
   *
   * @throws KodamaError `cancelled` if the terminal is closed; the sink's error if it can't be written to.
   */
  async run(keyboard: InputStream, signal: AbortSignal): Promise<void> {
    const { terminal, clock, onInputs, onResize } = this.options;
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    using _raw = rawKeys(terminal, keyboard);
    using _atEnd = terminal.atEnd(() => this.#painter.end());
    const broken = Promise.withResolvers<never>();
    using _broken = onAbort(
      terminal.stderr.broken,
      () => broken.reject(terminal.stderr.broken.reason),
    );
    this.#isOpen = true;
    this.#write(this.#painter.start());
    this.#draw();
    const resizing = forEachUntil(terminal.sizes(until, this.#size), until, (size) => {
      this.#write(this.#painter.resized(size.columns));
      onResize(size);
      this.#draw();
    });
    try {
      await Promise.race([
        readKeys(keyboard, {
          clock,
          signal: until,
          isForProgram: this.options.isForProgram,
          onInputs: (...inputs) => {
            const continues = onInputs(...inputs);
            this.#draw();
            return continues;
          },
        }),
        broken.promise,
      ]);
    } finally {
      this.#isOpen = false;
      this.#frame?.[Symbol.dispose]();
      stop.abort();
      this.#write(this.#painter.end());
      // Standard output is another stream to the same terminal: output written now would be on the wrong screen.
      await terminal.stderr.flush().catch(() => {});
      await resizing;
    }
  }

  #draw(): void {
    if (!this.#isOpen) return;
    if (this.#isWriting) {
      this.#isDue = true;
      return;
    }
    this.#frame?.[Symbol.dispose]();
    this.#frame = undefined;
    this.#isDue = false;
    const text = this.#painter.paint(this.options.view());
    if (text === "") return;
    this.#isWriting = true;
    this.#write(text);
    this.options.terminal.stderr.flush().then(() => {
      this.#isWriting = false;
      if (this.#isDue) this.#draw();
    }, () => {
      // A closed terminal is noticed by its `broken` signal.
    });
  }

  #write(text: string): void {
    this.options.terminal.stderr.write(text).catch(() => {
      // As above.
    });
  }
}
