/** A picker on a terminal: keys, clicks and resizes in, frames out. It always restores the terminal. */
import { forEachUntil } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import type { PickState } from "../../../pick/state.ts";
import type { PickEvent } from "../../../pick/step.ts";
import { view } from "../../../pick/view.ts";
import { GridPainter, type GridPainterOptions } from "../../../terminal/grid_painter.ts";
import { rawKeys, readKeys } from "../../../terminal/key_reader.ts";
import type { TerminalInput } from "../../../terminal/keys.ts";
import type { InputStream, Terminal } from "../../../terminal/terminal.ts";
import { type Height, isFullScreen, rowsOf } from "./options.ts";

/** A picker, whatever its rows are. */
interface PickerSource {
  readonly state: PickState;
  /** Handles an event. */
  send(event: PickEvent): void;
}

/** Options of a {@link PickerTerminal}. */
interface PickerTerminalOptions {
  terminal: Terminal;
  keyboard: InputStream;
  clock: Clock;
  height: Height;
  color: boolean;
  /** Clicks and the wheel reach the picker. */
  mouse: boolean;
}

/** Shows a picker from its construction on. Disposing of it clears its rows. */
export class PickerTerminal implements AsyncDisposable {
  readonly #screen: PickerScreen;
  readonly #stop = new AbortController();
  readonly #cleanup = new AsyncDisposableStack();
  /** The first row of the grid on the screen. */
  #top = 0;

  constructor(
    private readonly source: PickerSource,
    private readonly options: PickerTerminalOptions,
  ) {
    const { terminal, keyboard, clock, height, color, mouse } = options;
    this.#cleanup.use(rawKeys(terminal, keyboard));
    const area = isFullScreen(height) ? "screen" as const : "inline" as const;
    this.#screen = this.#cleanup.use(new PickerScreen(terminal, clock, { area, color, mouse }));
    this.show(source.state);
    this.#screen.draw();
    if (mouse) this.#screen.askPosition();
    const resizing = this.#resizes();
    this.#cleanup.defer(async () => {
      this.#stop.abort();
      await resizing;
    });
  }

  /** Schedules a draw of a state. */
  show(state: PickState): void {
    this.#screen.show(state);
  }

  /**
   * Reads keys until the picker has an outcome, or this is disposed of.
   *
   * @throws KodamaError `cancelled` if the terminal is closed; the error that ended it.
   */
  async run(): Promise<void> {
    await Promise.race([this.#keys(), this.#broken()]);
  }

  async #keys(): Promise<void> {
    await readKeys(this.options.keyboard, {
      clock: this.options.clock,
      signal: this.#stop.signal,
      onInputs: (inputs) => {
        this.#take(inputs);
        return this.source.state.outcome.kind === "open";
      },
    });
  }

  #take(inputs: readonly TerminalInput[]): void {
    const atMs = this.options.clock.elapsedMs();
    for (const input of inputs) {
      if (input.kind === "position") this.#top = input.row;
      else if (input.kind === "mouse") {
        const within = { ...input, row: input.row - this.#top };
        this.source.send({ kind: "input", input: within, atMs });
      } else this.source.send({ kind: "input", input, atMs });
    }
    this.show(this.source.state);
    this.#screen.draw();
  }

  async #resizes(): Promise<void> {
    const { terminal, height, mouse } = this.options;
    const { signal } = this.#stop;
    const known = { columns: this.source.state.columns, rows: this.source.state.screenRows };
    await forEachUntil(terminal.sizes(signal, known), signal, ({ columns, rows }) => {
      this.#screen.resized(columns);
      this.source.send({ kind: "resize", columns, rows: rowsOf(height, rows), screenRows: rows });
      this.show(this.source.state);
      this.#screen.draw();
      if (mouse) this.#screen.askPosition();
    });
  }

  /** Rejects when the terminal can't be written to any more. */
  #broken(): Promise<never> {
    const { broken } = this.options.terminal.stderr;
    return new Promise((_, reject) => {
      const onBroken = () => reject(broken.reason);
      broken.addEventListener("abort", onBroken, { once: true });
      this.#cleanup.defer(() => broken.removeEventListener("abort", onBroken));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }
}

/* The screen of a picker: draws at most as many frames as are visible. */

/** Changes without a key are drawn together, once per interval. */
const frameMs = 16;

type DrawnOn = Pick<Terminal, "stderr" | "atEnd">;

/** Draws a picker. Disposing of it clears its rows, before anything else is written. */
export class PickerScreen implements AsyncDisposable {
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
  /** A frame is being written: the next frame waits, and shows the latest state then. */
  #writing = false;

  constructor(
    private readonly terminal: DrawnOn,
    private readonly clock: Clock,
    options: GridPainterOptions,
  ) {
    this.#isFullScreen = options.area === "screen";
    this.#painter = new GridPainter(options);
    this.#helpPainter = new GridPainter({ ...options, area: "screen" });
    this.#cleanup.use(terminal.atEnd(() => this.#closedHelp() + this.#painter.end()));
    this.#write(this.#painter.start());
  }

  /** Schedules a draw of the state. */
  show(state: PickState): void {
    this.#latest = state;
    this.#frame ??= this.clock.timer(frameMs, () => {
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
    this.terminal.stderr.flush().then(() => {
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
    return this.#helpPainter.start();
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
  askPosition(): void {
    this.#write(this.#painter.askPosition());
  }

  #write(text: string): void {
    this.terminal.stderr.write(text).catch(() => {
      // As above.
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _cleanup = this.#cleanup;
    this.#frame?.[Symbol.dispose]();
    this.#latest = undefined;
    this.#write(this.#closedHelp() + this.#painter.end());
    // Standard output is another stream to the same terminal: output written now would be cleared as well.
    await this.terminal.stderr.flush().catch(() => {});
  }
}
