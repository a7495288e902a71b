/** The picker on a terminal: draws at most as many frames as are visible, and always restores the terminal. */
import type { Clock } from "../../../base/clock.ts";
import { view } from "../../../pick/view.ts";
import type { PickState } from "../../../pick/state.ts";
import { GridPainter, type GridPainterOptions } from "../../../terminal/grid_painter.ts";
import type { Terminal } from "../../../terminal/terminal.ts";

/** Changes without a key are drawn together, once per interval. */
const frameMs = 16;

type DrawnOn = Pick<Terminal, "stderr" | "atEnd">;

/** Draws a picker. Disposing of it clears what it drew, before anything else is written. */
export class PickerScreen implements AsyncDisposable {
  readonly #terminal: DrawnOn;
  readonly #clock: Clock;
  readonly #painter: GridPainter;
  /** The help's painter, on the alternate screen: the terminal's content is unchanged after it. */
  readonly #helpPainter: GridPainter;
  readonly #isFullScreen: boolean;
  #isHelp = false;
  /** The window's new width, if it changed while the help was shown. */
  #resizedTo: number | undefined;
  readonly #cleanup = new DisposableStack();
  #latest: PickState | undefined;
  #frame: Disposable | undefined;
  /** A frame is being written: the next one waits, and shows the latest state then. */
  #writing = false;

  constructor(terminal: DrawnOn, clock: Clock, options: GridPainterOptions) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#isFullScreen = options.place === "screen";
    this.#painter = new GridPainter(options);
    this.#helpPainter = new GridPainter({ ...options, place: "screen" });
    this.#cleanup.use(terminal.atEnd(() => this.#closedHelp() + this.#painter.end()));
    this.#write(this.#painter.begin());
  }

  /** Schedules a draw of the state. */
  show(state: PickState): void {
    this.#latest = state;
    this.#frame ??= this.#clock.timer(frameMs, () => {
      this.#frame = undefined;
      this.draw();
    });
  }

  /** Draws the latest state now: the response to a key. */
  draw(): void {
    if (this.#latest === undefined || this.#writing) return;
    const state = this.#latest;
    this.#latest = undefined;
    this.#frame?.[Symbol.dispose]();
    this.#frame = undefined;
    const text = this.#turned(state) + this.#current.paint(view(state));
    if (text === "") return;
    this.#writing = true;
    this.#write(text);
    this.#terminal.stderr.flush().then(() => {
      this.#writing = false;
      this.draw();
    }, () => {
      // A closed terminal is noticed by its `broken` signal.
    });
  }

  /** Handles a new window size. */
  resized(columns: number): void {
    if (this.#isHelp) this.#resizedTo = columns;
    this.#write(this.#current.resized(columns));
  }

  get #current(): GridPainter {
    return this.#isHelp ? this.#helpPainter : this.#painter;
  }

  /** Opens or closes the screen of the help. */
  #turned({ help }: PickState): string {
    if (this.#isFullScreen || (help !== undefined) === this.#isHelp) return "";
    if (help === undefined) return this.#closedHelp();
    this.#isHelp = true;
    return this.#helpPainter.begin();
  }

  #closedHelp(): string {
    if (!this.#isHelp) return "";
    this.#isHelp = false;
    const columns = this.#resizedTo;
    this.#resizedTo = undefined;
    const mended = columns === undefined ? "" : this.#painter.resized(columns);
    return this.#helpPainter.end() + this.#painter.modes() + mended;
  }

  /** Queries the first row of the grid, for clicks; the answer comes among the keys. */
  askPlace(): void {
    this.#write(this.#painter.askPlace());
  }

  #write(text: string): void {
    this.#terminal.stderr.write(text).catch(() => {
      // As above.
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _cleanup = this.#cleanup;
    this.#frame?.[Symbol.dispose]();
    this.#latest = undefined;
    this.#write(this.#closedHelp() + this.#painter.end());
    // Standard output is another stream to the same terminal: output written now would be cleared as well.
    await this.#terminal.stderr.flush().catch(() => {});
  }
}
