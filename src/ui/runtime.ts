/** Runs the terminal UI: events in, effects out, panes opened and closed. The state's rules are in `step.ts`. */
import { definedOnly } from "../base/json_value.ts";
import type { Host } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import { findResource, listKinds } from "../kube/discovery.ts";
import { NAMESPACES, shownKind } from "../kube/resources.ts";
import { FullScreen } from "../terminal/driver/full_screen.ts";
import type { Tone } from "../terminal/grid.ts";
import type { InputStream, Size, Terminal } from "../terminal/terminal.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import { problemText } from "./keys.ts";
import { layoutOf, restored, type SavedLayout } from "./layout.ts";
import type {
  Choice,
  Pane,
  PaneConfig,
  PaneContext,
  PaneEvent,
  PaneId,
  PaneQuestion,
  PaneScope,
} from "./pane.ts";
import { errorPane, type PaneRegistry } from "./registry.ts";
import {
  contentOf,
  currentTab,
  emptyState,
  type KeyTable,
  type PaneState,
  shownPanes,
  type UiEffect,
  type UiState,
} from "./state.ts";
import { isForProgram, step, takesText, type UiEvent } from "./step.ts";
import { defaultTheme } from "./theme.ts";
import { panesOf } from "./tiles.ts";
import { view } from "./view.ts";

/** Ages grow, messages end, and panes poll, this often. */
const tickMs = 500;

/** The parameters of the UI. */
interface UiOptions {
  host: Host;
  terminal: Pick<Terminal, "stderr" | "atEnd" | "sizes" | "size">;
  color: boolean;
  /** Styles of tones, instead of the painter's own. */
  tones?: Readonly<Partial<Record<Tone, string>>>;
  registry: PaneRegistry;
  keys: KeyTable;
  /** Problems of the settings, to be reported at the start. */
  problems?: readonly string[];
  /** The first pane, unless there is a layout. */
  first: { key: string; config: PaneConfig; scope: PaneScope };
  layout?: SavedLayout;
  /** Saves a layout under a name; resolves to a message. */
  saveLayout: (name: string, layout: SavedLayout) => Promise<string>;
}

interface Opened {
  pane: Pane;
  key: string;
  config: PaneConfig;
  stop: AbortController;
  size: Size | undefined;
  isFocused: boolean;
}

/** The UI, used once. */
export class Ui {
  readonly #screen: FullScreen;
  readonly #panes = new Map<PaneId, Opened>();
  readonly #answers = new Map<number, (value: string | undefined) => void>();
  /** Panes that were closed and haven't ended yet. */
  readonly #closing = new Set<Promise<void>>();
  #state: UiState;
  #question = 0;
  /** Aborted when a person has quit. */
  readonly #over = new AbortController();
  #signal: AbortSignal | undefined;

  constructor(private readonly options: UiOptions) {
    const { terminal, host, keys } = options;
    this.#state = emptyState({
      size: terminal.size() ?? { columns: 80, rows: 24 },
      nowMs: host.clock.now().getTime(),
      keys,
    });
    this.#screen = new FullScreen({
      terminal,
      clock: host.clock,
      color: options.color,
      tones: options.tones ?? {},
      mouse: true,
      view: () =>
        view(this.#state, {
          pane: (id) => this.#drawable(id),
          lookup: (id) => this.#lookup(id),
        }),
      onInputs: (inputs, isAlone) => this.#take(inputs, isAlone),
      isForProgram: () => isForProgram(this.#state, (id) => this.#lookup(id)),
      onResize: (size) => this.send({ kind: "resize", size }),
    });
  }

  /** The state, for tests. */
  get state(): UiState {
    return this.#state;
  }

  /**
   * Shows the UI until a person quits or the signal aborts. Every pane is closed then.
   *
   * @throws KodamaError `cancelled` if the terminal is closed; the sink's error if it can't be written to.
   */
  async run(keyboard: InputStream, signal: AbortSignal): Promise<void> {
    const { host: { clock }, layout, first, keys } = this.options;
    this.#signal = signal;
    const tick = () => {
      const nowMs = clock.now().getTime();
      this.send({ kind: "clock", nowMs });
      for (const [id, { pane }] of this.#panes) this.#safely(id, () => pane.onTick?.(nowMs));
      timer = clock.timer(tickMs, tick);
    };
    let timer = clock.timer(tickMs, tick);
    if (layout === undefined) {
      this.send({ kind: "open", where: "tab", ...first });
    } else this.send({ kind: "restore", ...restored(layout, this.#state.nextId) });
    void this.#readContexts();
    for (const text of this.options.problems ?? []) {
      this.send({ kind: "toast", text, tone: "bad" });
    }
    const [problem, ...others] = keys.problems;
    if (problem !== undefined) {
      const more = others.length === 0 ? "" : `; ${others.length} more: see F1`;
      const text = `${problemText(problem)}${more}`;
      this.send({ kind: "toast", text, tone: "bad" });
    }
    try {
      await this.#screen.run(keyboard, AbortSignal.any([signal, this.#over.signal]));
    } finally {
      timer[Symbol.dispose]();
      this.#over.abort();
      for (const id of this.#panes.keys()) this.#close(id);
      await Promise.allSettled(this.#closing);
    }
  }

  /** Without a kubeconfig that can be read, every pane says why. */
  async #readContexts(): Promise<void> {
    const { host } = this.options;
    try {
      const { contextPolicies } = await import("../actions/config/setting_sources.ts");
      const [contexts, policyOf] = await Promise.all([host.contexts(), contextPolicies(host)]);
      const shown = contexts.map((one) => ({ ...one, policy: policyOf(one.name, one.server) }));
      this.send({ kind: "contexts", contexts: shown });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      host.log("warning", "ui", error.message);
    }
  }

  /** Applies an event, and what follows from it. */
  send(event: UiEvent): void {
    const { state, effects } = step(this.#state, event, (id) => this.#lookup(id));
    this.#state = state;
    for (const effect of effects) this.#apply(effect);
    this.#report();
    this.#screen.invalidate();
  }

  #take(inputs: readonly TerminalInput[], isAlone: boolean): boolean {
    for (const input of inputs) {
      if (input.kind === "text" && !isAlone) this.#type([...input.text]);
      else if (!this.#over.signal.aborted) this.send({ kind: "input", input, isAlone });
    }
    return !this.#over.signal.aborted;
  }

  /** Keys that come together, as over a slow link: a pane that the first key opens gets the others. */
  #type(characters: readonly string[]): void {
    for (const [index, text] of characters.entries()) {
      if (this.#over.signal.aborted) return;
      if (takesText(this.#state, (id) => this.#lookup(id))) {
        const rest = characters.slice(index).join("");
        return this.send({ kind: "input", input: { kind: "text", text: rest } });
      }
      this.send({ kind: "input", input: { kind: "text", text } });
    }
  }

  /** A pane whose drawing fails shows that, and the others are as before. */
  #drawable(id: PaneId): Pane | undefined {
    const opened = this.#panes.get(id);
    if (opened === undefined) return undefined;
    const { pane } = opened;
    return {
      title: pane.title,
      ...definedOnly({ status: pane.status }),
      view: (size, look) => this.#safely(id, () => pane.view(size, look)) ?? [],
      handleCommand: () => {},
    };
  }

  #lookup(id: PaneId): PaneState | undefined {
    const opened = this.#panes.get(id);
    if (opened === undefined) return undefined;
    const { pane, config } = opened;
    return {
      takesKeys: pane.takesKeys === true,
      find: pane.find,
      config: pane.config ?? config,
      running: pane.running,
      refusal: (action) => pane.refusal?.(action),
    };
  }

  /** Calls a pane. If it throws, it is replaced by a pane that shows the error. */
  #safely<T>(id: PaneId, call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      const opened = this.#panes.get(id);
      if (opened === undefined) return undefined;
      const message = error instanceof Error ? error.message : String(error);
      this.options.host.log("error", "ui", `${opened.key}: ${message}`);
      opened.stop.abort();
      this.#ended(opened.pane);
      opened.pane = errorPane({ theme: defaultTheme }, opened.key, message);
      this.#screen.invalidate();
      return undefined;
    }
  }

  #apply(effect: UiEffect): void {
    switch (effect.kind) {
      case "open":
        return this.#open(effect);
      case "close":
        return this.#close(effect.pane);
      case "command": {
        const pane = this.#panes.get(effect.pane)?.pane;
        this.#safely(effect.pane, () => pane?.handleCommand(effect.command));
        return;
      }
      case "act": {
        const pane = this.#panes.get(effect.pane)?.pane;
        this.#safely(effect.pane, () => pane?.act?.(effect.action));
        return;
      }
      case "input": {
        const pane = this.#panes.get(effect.pane)?.pane;
        this.#safely(effect.pane, () => pane?.onInput?.(effect.input));
        return;
      }
      case "click": {
        const pane = this.#panes.get(effect.pane)?.pane;
        this.#safely(effect.pane, () => pane?.onClick?.(effect));
        return;
      }
      case "answer": {
        const answer = this.#answers.get(effect.id);
        this.#answers.delete(effect.id);
        answer?.(effect.value);
        return;
      }
      case "request":
        void this.#request(effect.action);
        return;
      case "endRunning":
        void this.#endRunning(effect);
        return;
      case "redraw":
        return this.#screen.redraw();
      case "quit":
        // Not only a key quits: the answer to a question does, and the last pane that closes itself.
        return this.#over.abort();
    }
  }

  #open({ pane: id, key, config, scope }: Extract<UiEffect, { kind: "open" }>): void {
    const { host, registry } = this.options;
    const stop = new AbortController();
    const context: PaneContext = {
      pane: id,
      host,
      scope,
      kube: () => host.kube(scope.context),
      config,
      theme: defaultTheme,
      emit: (event) => {
        // A closed pane is not heard, and its id may belong to its replacement by now.
        if (this.#panes.get(id)?.stop === stop && !stop.signal.aborted) this.#onEvent(id, event);
      },
      ask: (question, choices) =>
        this.#ask(question, { signal: stop.signal, ...definedOnly({ choices }) }),
      signal: stop.signal,
    };
    const opened: Opened = {
      pane: errorPane(context, key, ""),
      key,
      config,
      stop,
      size: undefined,
      isFocused: false,
    };
    this.#panes.set(id, opened);
    opened.pane = registry.open(key, context);
  }

  #close(id: PaneId): void {
    const opened = this.#panes.get(id);
    if (opened === undefined) return;
    this.#panes.delete(id);
    opened.stop.abort();
    this.#ended(opened.pane);
  }

  #ended(pane: Pane): void {
    const closing = (async () => await pane.close?.())().catch((error: unknown) => {
      this.options.host.log("warning", "ui", `closing ${pane.title}: ${error}`);
    });
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }

  #onEvent(id: PaneId, event: PaneEvent): void {
    switch (event.kind) {
      case "changed":
        return this.#screen.invalidate();
      case "toast":
        return this.send({ kind: "toast", text: event.text, tone: event.tone ?? "plain" });
      case "open":
        return this.send({
          kind: "open",
          key: event.key,
          config: event.config ?? {},
          where: event.where ?? "below",
          beside: id,
        });
      case "scope": {
        const tab = this.#state.tabs.find(({ tiles }) => panesOf(tiles).includes(id));
        if (tab !== undefined) this.send({ kind: "scope", tab: tab.id, scope: event.scope });
        return;
      }
      case "close":
        return this.send({ kind: "close", pane: id });
      case "find":
        return this.send({ kind: "find", pane: id, as: event.as });
      case "clipboard": {
        const base64 = new TextEncoder().encode(event.text).toBase64();
        void this.options.terminal.stderr.write(`\x1b]52;c;${base64}\x07`).catch(() => {});
        return;
      }
      case "pluginRender":
      case "pluginError": {
        const pane = this.#panes.get(event.pane)?.pane;
        this.#safely(event.pane, () => pane?.onPlugin?.(event));
        return this.#screen.invalidate();
      }
    }
  }

  /** Notifies panes whose focus or size has changed. */
  #report(): void {
    const focused = currentTab(this.#state)?.focused;
    for (const [id, opened] of this.#panes) {
      if (opened.isFocused && id !== focused) {
        opened.isFocused = false;
        this.#safely(id, () => opened.pane.onFocus?.(false));
      }
    }
    for (const tile of shownPanes(this.#state)) {
      const opened = this.#panes.get(tile.pane);
      if (opened === undefined) continue;
      const { columns, rows } = contentOf(tile, this.#state.size);
      if (opened.size?.columns !== columns || opened.size.rows !== rows) {
        opened.size = { columns, rows };
        this.#safely(tile.pane, () => opened.pane.onResize?.({ columns, rows }));
      }
    }
    const opened = focused === undefined ? undefined : this.#panes.get(focused);
    if (focused !== undefined && opened !== undefined && !opened.isFocused) {
      opened.isFocused = true;
      this.#safely(focused, () => opened.pane.onFocus?.(true));
    }
  }

  #ask(
    question: PaneQuestion,
    { signal, choices }: { signal?: AbortSignal; choices?: Promise<readonly Choice[]> } = {},
  ): Promise<string | undefined> {
    const id = ++this.#question;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#answers.set(id, resolve);
    signal?.addEventListener("abort", () => resolve(undefined), { once: true });
    const isLoading = choices !== undefined && question.kind === "choose";
    this.send({ kind: "ask", id, question: isLoading ? { ...question, isLoading } : question });
    choices?.catch((error: unknown) => {
      if (!(error instanceof KodamaError)) throw error;
      // Names that aren't offered can be typed.
      this.send({ kind: "toast", text: error.message, tone: "bad" });
      return [];
    }).then((known) => this.send({ kind: "choices", id, choices: known }));
    return promise;
  }

  async #endRunning(
    { running, close }: Extract<UiEffect, { kind: "endRunning" }>,
  ): Promise<void> {
    const what = close === undefined ? "Quit" : "Close the pane";
    const lines = [`${what}? This ends:`, ...running.map((one) => `  ${one}`)];
    if (await this.#ask({ kind: "confirm", lines }) === undefined) return;
    if (close !== undefined) return this.send({ kind: "close", pane: close });
    for (const id of [...this.#state.panes.keys()]) this.send({ kind: "close", pane: id });
  }

  async #request(action: Extract<UiEffect, { kind: "request" }>["action"]): Promise<void> {
    try {
      await this.#requested(action);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.send({ kind: "toast", text: error.message, tone: "bad" });
    }
  }

  async #requested(action: Extract<UiEffect, { kind: "request" }>["action"]): Promise<void> {
    const { host, registry } = this.options;
    const tab = currentTab(this.#state);
    if (tab === undefined) return;
    const { context } = tab.scope;
    switch (action) {
      case "open-pane": {
        const choices = registry.kinds().filter(([, kind]) => kind.offered === true)
          .map(([value, { summary }]): Choice => ({ value, detail: summary }));
        const key = await this.#ask({ kind: "choose", label: "open", choices });
        if (key !== undefined) this.send({ kind: "open", key, config: {}, where: "right" });
        return;
      }
      case "kinds": {
        const noMatch = "not in the list; Enter takes KIND, or KIND NAMESPACE";
        const typed = await this.#choose("kind", () => this.#kindChoices(context), noMatch);
        if (typed === undefined) return;
        const [kind = "", namespace] = typed.trim().split(/\s+/);
        try {
          const client = await host.kube(context);
          await findResource(client, kind, this.#signal ?? AbortSignal.timeout(0));
        } catch (error) {
          // A pane was meant: no server has a kind of this name.
          if (registry.kind(kind)?.offered !== true) throw error;
          return this.send({ kind: "open", key: kind, config: {}, where: "right" });
        }
        if (namespace !== undefined) {
          const scope = {
            ...tab.scope,
            namespaces: { kind: "named", names: [namespace] },
          } as const;
          this.send({ kind: "scope", tab: tab.id, scope });
        }
        const isList = this.#panes.get(tab.focused)?.key === "resource-list";
        this.send(
          isList
            ? { kind: "replace", pane: tab.focused, key: "resource-list", config: { kind } }
            : { kind: "open", key: "resource-list", config: { kind }, where: "right" },
        );
        return;
      }
      case "contexts": {
        const name = await this.#choose(
          "context",
          async () =>
            (await host.contexts()).map(({ name, server = "", current }) => ({
              value: name,
              detail: `${server}${current ? " (current)" : ""}`,
            })),
        );
        if (name === undefined) return;
        const scope: PaneScope = { context: name, namespaces: { kind: "default" } };
        return this.send({ kind: "scope", tab: tab.id, scope });
      }
      case "namespaces": {
        const all = "all namespaces";
        const name = await this.#choose("namespace", async () => [
          { value: all },
          ...await this.#namespaceChoices(context),
        ]);
        if (name === undefined) return;
        const namespaces: PaneScope["namespaces"] = name === all
          ? { kind: "all" }
          : { kind: "named", names: name.split(/[\s,]+/) };
        return this.send({ kind: "scope", tab: tab.id, scope: { ...tab.scope, namespaces } });
      }
      case "rename-tab": {
        const name = await this.#ask({
          kind: "line",
          label: "name of the tab:",
          text: tab.name ?? "",
        });
        if (name !== undefined) this.send({ kind: "rename", tab: tab.id, name: name.trim() });
        return;
      }
      case "save-layout": {
        const name = await this.#ask({
          kind: "line",
          label: "save the layout as:",
          text: "default",
        });
        if (name === undefined || name.trim() === "") return;
        const layout = layoutOf(this.#state, (id) => this.#lookup(id)?.config);
        const text = await this.options.saveLayout(name.trim(), layout);
        return this.send({ kind: "toast", text, tone: "good" });
      }
    }
  }

  /** Asks for a choice of several that are fetched meanwhile. */
  #choose(
    label: string,
    fetch: () => Promise<readonly Choice[]>,
    noMatch?: string,
  ): Promise<string | undefined> {
    const question = { kind: "choose", label, choices: [], ...definedOnly({ noMatch }) } as const;
    return this.#ask(question, { choices: fetch() });
  }

  /** The kinds that the server has; without an answer, they can still be typed. */
  async #kindChoices(context: string | undefined): Promise<readonly Choice[]> {
    const client = await this.options.host.kube(context);
    const kinds = await listKinds(client, this.#signal ?? AbortSignal.timeout(0));
    return kinds.map(({ resource, names }) => ({
      value: shownKind(resource),
      detail: [resource.kind, ...names.filter((one) => one.length > 0 && one.length < 6)].join(" "),
    }));
  }

  /** Many may not list them: theirs can be typed. */
  async #namespaceChoices(context: string | undefined): Promise<readonly Choice[]> {
    const client = await this.options.host.kube(context);
    const choices: Choice[] = [];
    try {
      const options = this.#signal === undefined ? {} : { signal: this.#signal };
      for await (const { items } of client.list(NAMESPACES, {}, options)) {
        choices.push(...items.map(({ metadata }) => ({ value: metadata?.name ?? "" })));
      }
      return choices;
    } catch (error) {
      if (error instanceof KodamaError && error.kind === "forbidden") {
        return [{ value: client.defaultNamespace, detail: "they may not be listed; type another" }];
      }
      throw error;
    }
  }
}
