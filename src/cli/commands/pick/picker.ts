/** Lets a person choose among the pods of a selection. */
import type { Host } from "../../../actions/host.ts";
import { matchesText } from "../../../actions/exec/discover_targets.ts";
import { onAbort } from "../../../base/abort.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { type KodamaError, UsageError } from "../../../base/errors.ts";
import { initialState, type PickState } from "../../../pick/state.ts";
import { searched } from "../../../pick/list.ts";
import { ownerOf, type RowEntry } from "../../../pick/row.ts";
import type { Match } from "../../../pick/search.ts";
import type { InputStream } from "../../../terminal/terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { nothingMatches, type Picked, type PickerOptions, rowsOf } from "./options.ts";
import { PickerSession } from "./picker_session.ts";
import { columnsFor, type Naming, PodRows } from "../../../present/pod_rows.ts";
import { PickerTerminal } from "./picker_terminal.ts";

/** Options and environment of a picker. */
interface PickOn {
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
  #shown: PickerTerminal | undefined;

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
    await using shown = new PickerTerminal(this.#session, {
      terminal,
      keyboard,
      clock: host.clock,
      height: this.#options.height,
      color: styleOf(terminal.stderr, environment).bold("") !== "",
      mouse: this.#options.mouse,
    });
    this.#shown = shown;
    try {
      await Promise.race([shown.run(), this.#over.promise, this.#session.failed]);
    } finally {
      // After an error too: pods still change, and would be drawn on the restored terminal.
      this.#shown = undefined;
      this.#stop.abort();
    }
  }

  #changed(state: PickState): void {
    this.#shown?.show(state);
    if (state.levels[0]?.loading === false) this.#loaded.resolve();
    if (state.outcome.kind !== "open") this.#over.resolve();
  }

  #initial(naming: Naming): PickState {
    const options = this.#options;
    const { invocation: { terminal }, host } = this.#on;
    const { columns, rows } = terminal.size() ?? { columns: 80, rows: 24 };
    return initialState({
      of: "pods",
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
