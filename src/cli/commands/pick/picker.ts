/** Lets a person choose among the pods of a selection. */
import type { Host } from "../../../actions/host.ts";
import { matchesText } from "../../../actions/exec/discover_targets.ts";
import { forEachUntil, onAbort } from "../../../base/abort.ts";
import { readKeys } from "../../../terminal/driver/full_screen.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { type KodamaError, UsageError } from "../../../base/errors.ts";
import { initialState, type PickState } from "../../../pick/state.ts";
import { searched } from "../../../pick/list.ts";
import { ownerOf, type RowEntry } from "../../../pick/row.ts";
import type { Match } from "../../../pick/search.ts";
import type { TerminalInput } from "../../../terminal/keys.ts";
import type { InputStream, Terminal } from "../../../terminal/terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import {
  isFullScreen,
  nothingMatches,
  type Picked,
  type PickerOptions,
  rowsOf,
} from "./options.ts";
import { PickerSession } from "./picker_session.ts";
import { columnsFor, type Naming, PodRows } from "../../../present/pod_rows.ts";
import type { Clock } from "../../../base/clock.ts";
import { view } from "../../../pick/view.ts";
import { GridPainter, type GridPainterOptions } from "../../../terminal/grid_painter.ts";

/** Options and environment of a picker. */
export interface PickOn {
  host: Host;
  invocation: Invocation;
}

/**
 * Shows the picker until something is chosen.
 *
 * @throws UsageError with the matches, if there is no terminal and more than one match; KodamaError of the only
 *   context, if its pods can't be listed; `cancelled` on a signal.
 */
export async function pick(
  options: PickerOptions,
  { host, invocation }: PickOn,
): Promise<Picked> {
  // The terminal is restored before any message.
  return await stoppable(invocation.signals, async (signal) => {
    using picker = new Picker(options, { host, invocation });
    using _listening = onAbort(signal, () => picker.stop(signal.reason));
    return await picker.run();
  });
}

/** One call of {@link pick}. */
class Picker implements Disposable {
  readonly #options: PickerOptions;
  readonly #on: PickOn;
  readonly #stop = new AbortController();
  readonly #rows: PodRows;
  readonly #session: PickerSession;
  readonly #cleanup = new DisposableStack();
  readonly #over = Promise.withResolvers<void>();
  readonly #loaded = Promise.withResolvers<void>();
  #screen: PickerScreen | undefined;
  /** The first row of the grid on the screen. */
  #top = 0;

  constructor(options: PickerOptions, on: PickOn) {
    this.#options = options;
    this.#on = on;
    // Awaited only while the picker runs.
    this.#over.promise.catch(() => {});
    const naming = namingOf(options);
    this.#rows = new PodRows(naming);
    this.#session = this.#cleanup.use(
      new PickerSession({
        host: on.host,
        options,
        rows: this.#rows,
        state: this.#initial(naming),
        onState: (state) => this.#changed(state),
        signal: this.#stop.signal,
      }),
    );
  }

  /** Makes {@link run} throw the error. */
  stop(error: unknown): void {
    this.#over.reject(error);
  }

  async run(): Promise<Picked> {
    const { selectOne, exitZero } = this.#options;
    const { terminal } = this.#on.invocation;
    const drawable = terminal.stderr.isTerminal && !this.#isDumb;
    const keyboard = drawable ? terminal.keyboard() : undefined;
    this.#session.start();
    if (selectOne || exitZero || keyboard === undefined) {
      await Promise.race([this.#loaded.promise, this.#session.failed, this.#over.promise]);
      const answer = this.#withoutAsking();
      if (answer !== undefined) return answer;
    }
    if (keyboard === undefined) throw this.#noTerminal();
    await this.#ask(keyboard);
    const { outcome } = this.#session.state;
    if (outcome.kind !== "accepted") return { kind: "aborted" };
    return outcome.entries.length === 0 ? this.#nothing : this.#picked(outcome.entries);
  }

  /** fzf's `--select-1` and `--exit-0`: a complete and unambiguous list needs no question. */
  #withoutAsking(): Picked | undefined {
    const found = this.#found();
    const [only] = found;
    if (only === undefined) return this.#options.exitZero ? this.#nothing : undefined;
    if (!this.#options.selectOne || found.length > 1) return undefined;
    return this.#picked([only.entry]);
  }

  #picked(entries: readonly RowEntry[]): Picked {
    const targets = entries.map(({ id }) => this.#rows.target(id));
    const pods = entries.map(({ id }) => {
      const { context, namespace, pod, container } = this.#rows.target(id);
      return { context, namespace, pod, ...(ownerOf(id) === id ? {} : { container }) };
    });
    return { kind: "picked", targets, pods };
  }

  #found(): readonly Match[] {
    const [pods] = this.#session.state.levels;
    return pods === undefined ? [] : searched(pods.list).search.found;
  }

  /** A query without matches doesn't mean that there are no pods. */
  get #nothing(): Extract<Picked, { kind: "nothing" }> {
    const [pods] = this.#session.state.levels;
    return { kind: "nothing", search: pods?.list.rows.length ? pods.line.text : "" };
  }

  /** The terminal can't overwrite its rows: each frame would be printed below the last one. */
  get #isDumb(): boolean {
    return this.#on.invocation.environment("TERM") === "dumb";
  }

  #noTerminal(): KodamaError {
    const found = this.#found();
    if (found.length === 0) return nothingMatches(this.#nothing.search);
    const names = found.map(({ entry }) => entry.text);
    const what = this.#isDumb ? "a real terminal (TERM=dumb)" : "a terminal";
    return new UsageError(`the picker needs ${what}; ${matchesText(names)}`, {
      hint: "narrow the selection; `kodama pods` lists what it matches",
    });
  }

  async #ask(keyboard: InputStream): Promise<void> {
    const { invocation: { terminal, environment }, host } = this.#on;
    using _raw = keyboard.raw();
    await using screen = new PickerScreen(terminal, host.clock, {
      area: isFullScreen(this.#options.height) ? "screen" : "inline",
      color: styleOf(terminal.stderr, environment).bold("") !== "",
      mouse: this.#options.mouse,
    });
    this.#screen = screen;
    screen.show(this.#session.state);
    screen.draw();
    if (this.#options.mouse) screen.askPosition();
    const resizing = this.#resizes(screen);
    try {
      await Promise.race([
        this.#keys(keyboard),
        this.#over.promise,
        this.#session.failed,
        this.#broken(),
      ]);
    } finally {
      // After an error too: pods still change, and would be drawn on the restored terminal.
      this.#screen = undefined;
      this.#stop.abort();
      await resizing;
    }
  }

  async #keys(keyboard: InputStream): Promise<void> {
    await readKeys(keyboard, {
      clock: this.#on.host.clock,
      signal: this.#stop.signal,
      onInputs: (inputs) => {
        this.#take(inputs);
        return this.#session.state.outcome.kind === "open";
      },
    });
  }

  #take(inputs: readonly TerminalInput[]): void {
    const atMs = this.#on.host.clock.elapsedMs();
    for (const input of inputs) {
      if (input.kind === "position") this.#top = input.row;
      else if (input.kind === "mouse") {
        const within = { ...input, row: input.row - this.#top };
        this.#session.send({ kind: "input", input: within, atMs });
      } else this.#session.send({ kind: "input", input, atMs });
    }
    this.#screen?.draw();
  }

  async #resizes(screen: PickerScreen): Promise<void> {
    const { terminal } = this.#on.invocation;
    await forEachUntil(
      terminal.resizes(this.#stop.signal),
      this.#stop.signal,
      ({ columns, rows }) => {
        screen.resized(columns);
        const own = rowsOf(this.#options.height, rows);
        this.#session.send({ kind: "resize", columns, rows: own, screenRows: rows });
        screen.show(this.#session.state);
        screen.draw();
        if (this.#options.mouse) screen.askPosition();
      },
    );
  }

  /** Rejects when the terminal can't be written to any more. */
  #broken(): Promise<never> {
    const { broken } = this.#on.invocation.terminal.stderr;
    return new Promise((_, reject) => {
      const onBroken = () => reject(broken.reason);
      broken.addEventListener("abort", onBroken, { once: true });
      this.#cleanup.defer(() => broken.removeEventListener("abort", onBroken));
    });
  }

  #changed(state: PickState): void {
    this.#screen?.show(state);
    if (state.levels[0]?.loading === false) this.#loaded.resolve();
    if (state.outcome.kind !== "open") this.#over.resolve();
  }

  #initial(naming: Naming): PickState {
    const options = this.#options;
    const { invocation: { terminal }, host } = this.#on;
    const { columns, rows } = terminal.size() ?? { columns: 80, rows: 24 };
    return initialState({
      multi: options.multi,
      layout: options.layout,
      asksContainer: options.asksContainer,
      // A picker with named pods, or over several clusters, has no other scope to switch to.
      switches: options.selection.operands.length === 0 && new Set(options.contexts).size < 2,
      prompt: options.prompt,
      purpose: options.purpose,
      columns: columnsFor(naming),
    }, {
      columns,
      rows: rowsOf(options.height, rows),
      screenRows: rows,
      query: options.query,
      nowMs: host.clock.now().getTime(),
      preview: options.preview,
    });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#cleanup.dispose();
  }
}

function namingOf({ contexts, selection }: PickerOptions): Naming {
  const { namespaces } = selection;
  return {
    context: new Set(contexts).size > 1,
    namespace: namespaces.kind === "all" ||
      (namespaces.kind === "named" && new Set(namespaces.names).size > 1),
    sort: selection.sort,
  };
}

/* The picker on a terminal: draws at most as many frames as are visible, and always restores the terminal. */

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
    this.#isFullScreen = options.area === "screen";
    this.#painter = new GridPainter(options);
    this.#helpPainter = new GridPainter({ ...options, area: "screen" });
    this.#cleanup.use(terminal.atEnd(() => this.#closedHelp() + this.#painter.end()));
    this.#write(this.#painter.start());
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
