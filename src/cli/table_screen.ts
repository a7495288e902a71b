/** A live table on a terminal: the source's changes and a person's keys in, frames out. */
import { forEachUntil, orAborted } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import {
  BufferedTable,
  type LiveTable,
  press,
  type TableEvent,
  type TableRequest,
} from "../table/live_table.ts";
import { tableView } from "../table/view.ts";
import { lineText } from "../terminal/grid.ts";
import { FullScreen } from "../terminal/driver/full_screen.ts";
import { type SignalSource, stoppable } from "../terminal/driver/signals.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import type { InputStream, Terminal } from "../terminal/terminal.ts";

/** Ages grow, and marks of changes end, this often. */
const clockMs = 500;

/** Options of a {@link TableScreen}. */
interface TableScreenOptions {
  terminal: Pick<Terminal, "stderr" | "atEnd" | "sizes" | "size">;
  clock: Clock;
  color: boolean;
  table: LiveTable;
  /** Handles what a key requests, except for `quit`, which ends the screen, and `explain`. */
  onRequest?: (request: Exclude<TableRequest, { kind: "quit" | "explain" }>) => void;
  /**
   * Explains a text: that of all rows which pass the filter. Until it returns, the terminal is its own, and the table
   * follows its source unseen.
   */
  onExplain?: (text: string, signal: AbortSignal) => Promise<void>;
}

/** Shows a live table until a person quits. */
export class TableScreen {
  readonly #screen: FullScreen;
  readonly #table: BufferedTable;
  #isExplaining = false;

  constructor(private readonly options: TableScreenOptions) {
    this.#table = new BufferedTable(options.table);
    this.#screen = new FullScreen({
      ...options,
      view: () => tableView(this.table),
      onInputs: (inputs) => this.#take(inputs),
      onResize: (size) => this.update({ kind: "resize", size }),
    });
  }

  /** The state with all changes so far. */
  get table(): LiveTable {
    return this.#table.current;
  }

  /** Applies an event; it is drawn with the next frame. */
  update(event: TableEvent): void {
    this.#table.update(event);
    this.#screen.invalidate();
  }

  /**
   * Shows the table until a person quits or the signal aborts.
   *
   * @throws as {@link FullScreen.run}.
   */
  async run(keyboard: InputStream, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const tick = () => {
      this.update({ kind: "clock", nowMs: clock.now().getTime() });
      timer = clock.timer(clockMs, tick);
    };
    let timer = clock.timer(clockMs, tick);
    try {
      for (;;) {
        await this.#screen.run(keyboard, signal);
        if (!this.#isExplaining || signal.aborted) return;
        this.#isExplaining = false;
        await this.options.onExplain?.(allRows(this.table), signal);
      }
    } finally {
      timer[Symbol.dispose]();
    }
  }

  /**
   * Shows the table while it follows a source, until a person quits or a signal ends it.
   *
   * @throws what the source throws, and as {@link run}.
   */
  async follow<E>(
    source: (signal: AbortSignal) => AsyncIterable<E>,
    onEvent: (event: E) => Promise<void> | void,
    { keyboard, signals }: { keyboard: InputStream; signals: SignalSource },
  ): Promise<void> {
    await stoppable(signals, async (stopped) => {
      const over = new AbortController();
      const signal = AbortSignal.any([stopped, over.signal]);
      const events = source(signal)[Symbol.asyncIterator]();
      // An unknown kind is reported without a screen that flashes up.
      const first = await orAborted(events.next(), signal);
      if (first.done === true) return;
      await onEvent(first.value);
      const following = forEachUntil({ [Symbol.asyncIterator]: () => events }, signal, onEvent);
      const failed = following.then(() => new Promise<never>(() => {}));
      try {
        await Promise.race([this.run(keyboard, signal), failed]);
      } finally {
        over.abort();
        await Promise.allSettled([following]);
      }
      stopped.throwIfAborted();
    });
  }

  #take(inputs: readonly TerminalInput[]): boolean {
    for (const input of inputs) {
      const { table, request } = press(this.table, input);
      this.#table.current = table;
      if (request === undefined) continue;
      if (request.kind === "quit") return false;
      if (request.kind === "explain") {
        this.#isExplaining = true;
        return false;
      }
      this.options.onRequest?.(request);
    }
    return true;
  }
}

/** Rows and columns of the text of a table. */
const textSize = { columns: 240, rows: 1000 };

/** Returns the table as text, with all rows that pass its filter, as far as {@link textSize} goes. */
function allRows(table: LiveTable): string {
  const whole = { ...table, size: textSize, offset: 0, isHelp: false, typing: undefined };
  const lines = tableView(whole).lines.slice(0, -1).map((line) => lineText(line).trimEnd());
  return lines.filter((line) => line !== "").join("\n");
}
