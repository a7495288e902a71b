/** Lets a person choose among the pods of a selection. */
import type { Host } from "../../../actions/host.ts";
import { matchesText } from "../../../actions/exec/discover_targets.ts";
import { forEachUntil, onAbort } from "../../../base/abort.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { activeLevel, initialState, type LevelKind, type PickState } from "../../../pick/state.ts";
import { searched, searchPiece } from "../../../pick/list.ts";
import { ownerOf, type RowEntry } from "../../../pick/row.ts";
import { isComplete, type Match } from "../../../pick/search.ts";
import type { InputStream } from "../../../terminal/terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { nothingMatches, type Picked, type PickerOptions, rowsOf } from "./options.ts";
import { columnsFor, type Naming, PodRows, scopeRow } from "../../../present/pod_rows.ts";
import { PickerTerminal } from "./picker_terminal.ts";
import { listNamespaces, type ScopeChoice } from "../../../actions/pick/scope.ts";
import { type PickPodsEvent, type Selection, watchPods } from "../../../actions/pick/pods.ts";
import { type PickEvent, step } from "../../../pick/step.ts";
import { printable } from "../../../terminal/printable.ts";
import { previewPod } from "../../../actions/pick/preview.ts";
import { layout } from "../../../pick/layout.ts";
import { previewWanted } from "../../../pick/view.ts";
import { type PreviewParts, previewText } from "../../../present/pod_preview.ts";

/** Options and environment of a picker. */
interface PickOn {
  host: Host;
  invocation: Invocation;
}

/**
 * Shows the picker until something is chosen.
 *
 * @throws UsageError with the matches, if there is no terminal and more than one match; KodamaError of the only
 * context, if its pods can't be listed; `cancelled` on a signal.
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

/** A call of {@link pick}. */
class Picker implements Disposable {
  readonly #stop = new AbortController();
  readonly #rows: PodRows;
  readonly #session: PickerSession;
  readonly #cleanup = new DisposableStack();
  readonly #over = Promise.withResolvers<void>();
  readonly #loaded = Promise.withResolvers<void>();
  #shown: PickerTerminal | undefined;

  constructor(private readonly options: PickerOptions, private readonly on: PickOn) {
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
    const { selectOne, exitZero } = this.options;
    const { terminal } = this.on.invocation;
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
    if (only === undefined) return this.options.exitZero ? this.#nothing : undefined;
    if (!this.options.selectOne || found.length > 1) return undefined;
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

  /** The terminal can't overwrite its rows: each frame would be printed below the last frame. */
  get #isDumb(): boolean {
    return this.on.invocation.environment("TERM") === "dumb";
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
    const { invocation: { terminal, environment }, host } = this.on;
    await using shown = new PickerTerminal(this.#session, {
      terminal,
      keyboard,
      clock: host.clock,
      height: this.options.height,
      color: styleOf(terminal.stderr, environment).bold("") !== "",
      mouse: this.options.mouse,
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
    const options = this.options;
    const { invocation: { terminal }, host } = this.on;
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

/*
 * The picker while it runs: events in, frames out. All decisions are in `src/pick`; this file has the
 * sources of events (keys, pods, a clock) and the effects of a new state (a preview, another list).
 */

/** Options of a session. */
interface SessionParts {
  host: Host;
  options: PickerOptions;
  rows: PodRows;
  state: PickState;
  /** Called with each new state; the caller draws it. */
  onState: (state: PickState) => void;
  signal: AbortSignal;
}

/** Ages are shown in seconds. */
const clockEveryMs = 1000;

/** A picker, from its first row to its outcome. */
class PickerSession implements Disposable {
  readonly #preview: PreviewLoader;
  readonly #cleanup = new DisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  #state: PickState;
  #source: AbortController | undefined;
  #scopes: { kind: LevelKind; controller: AbortController } | undefined;
  #searching: Disposable | undefined;

  constructor(private readonly parts: SessionParts) {
    this.#state = parts.state;
    const { host, rows } = parts;
    this.#preview = this.#cleanup.use(new PreviewLoader(host, rows, (event) => this.send(event)));
    this.#cleanup.defer(() => {
      this.#source?.abort();
      this.#scopes?.controller.abort();
      this.#searching?.[Symbol.dispose]();
    });
    // The promise may reject before anyone awaits it; a later caller still gets the error.
    this.#failed.promise.catch(() => {});
  }

  get state(): PickState {
    return this.#state;
  }

  /** Rejects if the pods of the only context can't be listed. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Starts to read pods. */
  start(): void {
    this.#watch();
    this.#tick();
  }

  /** Handles an event. */
  send(event: PickEvent): void {
    const before = this.#state;
    this.#state = step(before, event);
    if (this.#state === before) return;
    if (this.#state.turn !== before.turn) this.#watch();
    this.#followScopes();
    this.#preview.follow(this.#state);
    this.#followSearch();
    this.parts.onState(this.#state);
  }

  #tick(): void {
    const { clock } = this.parts.host;
    const next = () => {
      this.send({ kind: "clock", nowMs: clock.now().getTime() });
      timer = clock.timer(clockEveryMs, next);
    };
    let timer = clock.timer(clockEveryMs, next);
    this.#cleanup.defer(() => timer[Symbol.dispose]());
  }

  /** Resumes an incomplete search as soon as no key is waiting. */
  #followSearch(): void {
    const busy = this.#state.outcome.kind === "open" &&
      !isComplete(activeLevel(this.#state).list.search);
    if (!busy || this.#searching !== undefined) return;
    this.#searching = this.parts.host.clock.timer(0, () => {
      this.#searching = undefined;
      this.send({ kind: "search", entries: searchPiece });
    });
  }

  /** Reads the pods of the state's scope, and stops reading those of the previous scope. */
  #watch(): void {
    this.#source?.abort();
    const source = this.#source = new AbortController();
    const signal = AbortSignal.any([source.signal, this.parts.signal]);
    const { turn, place } = this.#state;
    const { host, options } = this.parts;
    const selection: Selection = place.namespace === undefined
      ? options.selection
      : { ...options.selection, namespaces: { kind: "named", names: [place.namespace] } };
    const contexts = place.context === undefined ? options.contexts : [place.context];
    const events = watchPods(host, { contexts, selection, signal });
    forEachUntil(events, signal, (event) => this.#podsEvent(event, turn))
      .catch((error: unknown) => this.#sourceFailed(error, turn));
  }

  #podsEvent(event: PickPodsEvent, turn: number): void {
    switch (event.kind) {
      case "changed": {
        const upserts = event.upserts.map((pod) => this.parts.rows.rowOf(pod));
        const { removed } = event;
        return this.send({ kind: "changed", level: "pods", turn, changes: { upserts, removed } });
      }
      case "loaded":
        return this.send({ kind: "loaded", level: "pods", turn });
      case "contextFailed":
        return this.#notice(`${event.context}: ${event.error.message}`);
    }
  }

  /** If a person switched to another scope, an error doesn't end the picker: there are other scopes. */
  #sourceFailed(error: unknown, turn: number): void {
    if (turn === 0 || !(error instanceof KodamaError)) return this.#failed.reject(error);
    this.send({ kind: "loaded", level: "pods", turn });
    this.#notice(error.message);
  }

  #notice(text: string): void {
    this.send({ kind: "notice", text: printable(text) });
  }

  /** Fills an opened list of namespaces or contexts; a closed list is no longer read. */
  #followScopes(): void {
    const { kind } = activeLevel(this.#state);
    if (this.#scopes?.kind === kind) return;
    this.#scopes?.controller.abort();
    this.#scopes = undefined;
    if (kind !== "namespaces" && kind !== "contexts") return;
    const controller = new AbortController();
    this.#scopes = { kind, controller };
    this.#fillScopes(kind, controller.signal).catch((error: unknown) => {
      if (controller.signal.aborted) return;
      if (!(error instanceof KodamaError)) return this.#failed.reject(error);
      this.#notice(error.message);
      this.send({ kind: "loaded", level: kind, turn: this.#state.turn });
    });
  }

  async #fillScopes(kind: "namespaces" | "contexts", signal: AbortSignal): Promise<void> {
    const { host, options } = this.parts;
    const { turn, place } = this.#state;
    const pages = kind === "contexts"
      ? [await host.contexts()]
      : listNamespaces(host, place.context ?? options.contexts[0], signal);
    for await (const page of pages) {
      if (signal.aborted) return;
      const upserts = page.map((one) => scopeRow({ ...one, current: this.#isCurrent(kind, one) }));
      this.send({ kind: "changed", level: kind, turn, changes: { upserts, removed: [] } });
    }
    this.send({ kind: "loaded", level: kind, turn });
  }

  /** Returns whether the shown pods are of this scope, which need not be the kubeconfig's current scope. */
  #isCurrent(kind: "namespaces" | "contexts", { name, current }: ScopeChoice): boolean {
    const { place } = this.#state;
    const { contexts, selection: { namespaces } } = this.parts.options;
    if (kind === "contexts") {
      const context = place.context ?? contexts[0];
      return context === undefined ? current : name === context;
    }
    if (place.namespace !== undefined) return name === place.namespace;
    switch (namespaces.kind) {
      case "default":
        return current;
      case "named":
        return namespaces.names.includes(name);
      case "all":
        return false;
    }
  }

  [Symbol.dispose](): void {
    this.#cleanup[Symbol.dispose]();
  }
}

/* Loads the preview pane without blocking the keys: only for the row on which the cursor rests. */

/** A cursor that only passes a row causes no requests. */
const debounceMs = 60;

/** At most one load at a time: a load for another row cancels it. */
class PreviewLoader implements Disposable {
  #requested: string | undefined;
  /** Shows the loaded parts again, with current ages. */
  #show: ((nowMs: number) => void) | undefined;
  #shownMs = 0;
  #load: AbortController | undefined;
  #debounce: Disposable | undefined;

  constructor(
    private readonly host: Host,
    private readonly rows: PodRows,
    private readonly send: (event: PickEvent) => void,
  ) {}

  /** Loads the preview that a state shows. */
  follow(state: PickState): void {
    const isShown = state.outcome.kind === "open" && layout(state).preview !== undefined;
    const requested = isShown ? previewWanted(state) : undefined;
    if (requested === this.#requested) {
      // Ages in the pane are updated together with those in the list.
      if (state.nowMs !== this.#shownMs) this.#show?.(state.nowMs);
      return;
    }
    this[Symbol.dispose]();
    this.#requested = requested;
    if (requested === undefined) return;
    this.#debounce = this.host.clock.timer(debounceMs, () => this.#start(requested));
  }

  #start(id: string): void {
    const pod = this.rows.pod(id);
    if (pod === undefined) return;
    const load = this.#load = new AbortController();
    let parts: PreviewParts = { failed: [] };
    const show = (nowMs: number) => {
      this.#shownMs = nowMs;
      const now = this.rows.pod(id) ?? pod;
      this.send({ kind: "previewed", id, lines: previewText(now, parts, nowMs) });
    };
    const showNow = () => show(this.host.clock.now().getTime());
    this.send({ kind: "previewing", id });
    this.#show = show;
    showNow();
    forEachUntil(previewPod(this.host, pod.target, load.signal), load.signal, (part) => {
      parts = part.kind === "failed"
        ? { ...parts, failed: [...parts.failed, part] }
        : { ...parts, [part.kind]: part };
      showNow();
    }).catch((error: unknown) => {
      if (load.signal.aborted) return;
      const text = error instanceof KodamaError ? error.message : String(error);
      this.send({ kind: "notice", text: `no preview: ${text.replace(/\s+/g, " ")}` });
    });
  }

  [Symbol.dispose](): void {
    this.#debounce?.[Symbol.dispose]();
    this.#debounce = undefined;
    this.#load?.abort();
    this.#load = undefined;
    this.#show = undefined;
    this.#requested = undefined;
  }
}
