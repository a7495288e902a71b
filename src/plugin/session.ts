/** Plugins that run: a session for each pane, in a process of its own. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { capabilities, type Capability, type CapabilityImport } from "./capability.ts";
import type { PluginCommand } from "./command.ts";
import { type PluginModule, preparePlugin } from "./module.ts";
import { type HostAnswer, type HostMessage, type PluginMessage, pluginProgram } from "./program.ts";

/** An event of a plugin for its pane. There is no other way from a plugin to the screen. */
export type PluginEvent =
  | { readonly kind: "pluginRender"; readonly pane: number; readonly lines: readonly string[] }
  | { readonly kind: "pluginError"; readonly pane: number; readonly error: string };

/** A plugin's side of a pane. No method waits for the plugin. */
export interface PluginSession {
  handleCommand(command: PluginCommand): void;
  onFocus(focused: boolean): void;
  onResize(width: number, height: number): void;
  /** The program's tick; left out while the plugin is busy. */
  onTick(): void;
  /** Calls `plugin_on_close`, then ends the process. Emits nothing more. */
  close(): Promise<void>;
}

/** Answers an import with a JSON value. The request is the plugin's own JSON value, of any shape. */
type CapabilityHandler = (request: unknown, signal: AbortSignal) => Promise<unknown>;

/** The handlers of the imports that permissions link. */
export type CapabilityHandlers = Readonly<Record<CapabilityImport, CapabilityHandler>>;

/** Time and memory that a session may use. */
export const sessionLimits = {
  /**
   * Limits of a process beside Deno's own share: the heap holds the module and its payloads; the time ends a process
   * whose kodama was killed.
   */
  process: { memoryMiB: 96, cpuSeconds: 3600 },
  /** The size that a process stays below, with Deno's share. */
  maxProcessMiB: 192,
  /** The limit for the start of its process, which a busy machine makes slow. */
  startMs: 30_000,
  /** The limit for a call of a plugin's function, without the time in which the host answers its imports. */
  callMs: 2000,
  /** The limit for the last call, `plugin_on_close`. */
  closeMs: 500,
  /** Commands that wait for a plugin. */
  commands: 256,
  /** The longest answer of an import, in characters. */
  answerLength: 1024 * 1024,
  /** Requests that are answered at once, and the time for each request beyond them. */
  requests: 10,
  requestMs: 200,
  payload: {
    renderBytes: 1024 * 1024,
    requestBytes: 64 * 1024,
    view: { width: 500, height: 200 },
    renderMs: 50,
  },
} as const;

/** Checks plugins, each content once. */
export class PluginEngine {
  readonly #prepared = new Map<string, Promise<PluginModule>>();

  /**
   * Returns the module of a file's content, compiled once to find its errors before a pane is opened.
   *
   * @throws KodamaError `config` if it is not a plugin.
   */
  async precompile(file: Uint8Array<ArrayBuffer>): Promise<PluginModule> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file)).toHex();
    const known = this.#prepared.get(digest) ?? prepare(file);
    this.#prepared.set(digest, known);
    return await known;
  }
}

async function prepare(file: Uint8Array): Promise<PluginModule> {
  const plugin = preparePlugin(file);
  try {
    await WebAssembly.compile(plugin.bytes);
    return plugin;
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    const reason = error.message.replace(/^WebAssembly\.compile\(\): /, "");
    throw new KodamaError("config", `not a plugin: ${reason}`, { cause: error });
  }
}

/** A process that runs {@link pluginProgram}, without any permission. Disposing of it kills it. */
export interface PluginProcess extends AsyncDisposable {
  send(line: string): Promise<void>;
  /** The standard output of the process, until it is closed. */
  lines(): AsyncIterable<string>;
}

/** The parameters of a session. */
interface SessionOptions {
  /**
   * Returns the plugin, and a function that starts a process of JavaScript. Commands wait for it; an error is the
   * plugin's.
   */
  load(): Promise<{ plugin: PluginModule; start: (program: string) => PluginProcess }>;
  /** The permissions that its entry in the configuration grants. */
  granted: readonly Capability[];
  /** For `plugin_init`; a JSON value. */
  config: unknown;
  /** The id of its pane. */
  pane: number;
  emit(event: PluginEvent): void;
  /** Called when it has started and has handled every command. */
  onIdle?(): void;
  handlers: CapabilityHandlers;
  clock: Clock;
}

/**
 * Starts a plugin for a pane. A missing permission, like any failure of the plugin, is an event: opening a pane never
 * fails.
 */
export function openPlugin(options: SessionOptions): PluginSession {
  return new WasmSession(options);
}

type State = "idle" | "busy" | "ended";

class WasmSession implements PluginSession {
  readonly #ended = new AbortController();
  readonly #commands: PluginCommand[] = [];
  #plugin: PluginModule | undefined;
  #process: PluginProcess | undefined;
  /** Busy while it is loaded, too. */
  #state: State = "busy";
  #closing = false;
  /** When the requests so far are all paid for. */
  #requestsUntilMs = -Infinity;
  #timer: Disposable | undefined;
  /** Resolves when the call in progress is done or the process is ended. */
  #done = Promise.withResolvers<void>();
  #removed: Promise<void> = Promise.resolve();

  constructor(private readonly options: SessionOptions) {
    void this.#open();
  }

  async #open(): Promise<void> {
    const { granted, config, pane, load } = this.options;
    try {
      const { plugin, start } = await load();
      if (this.#hasEnded()) return;
      const missing = plugin.needs.filter((name) => !granted.includes(name));
      if (missing.length > 0) {
        return this.#fail(`it needs permissions that it isn't granted: ${missing.join(", ")}`);
      }
      this.#plugin = plugin;
      this.#process = start(pluginProgram());
      this.#startTimer(sessionLimits.startMs, "its process didn't start");
      void this.#converse(this.#process, {
        kind: "start",
        module: plugin.bytes.toBase64(),
        config: JSON.stringify(config ?? null),
        pane,
        granted: granted.map((name) => capabilities[name]),
        limits: sessionLimits.payload,
      });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.#fail(error.message);
    }
  }

  handleCommand(command: PluginCommand): void {
    if (this.#state === "ended") return;
    if (this.#state === "idle") {
      const view = command.type === "resize"
        ? { view: { width: command.width, height: command.height } }
        : {};
      return this.#call({ kind: "command", json: JSON.stringify(command), ...view });
    }
    if (this.#commands.length >= sessionLimits.commands) {
      return this.#fail(`it is ${sessionLimits.commands} commands behind`);
    }
    this.#commands.push(command);
  }

  onFocus(focused: boolean): void {
    this.handleCommand({ type: "focus", focused });
  }

  onResize(width: number, height: number): void {
    // A later size replaces a size that still waits.
    if (this.#commands.at(-1)?.type === "resize") this.#commands.pop();
    this.handleCommand({ type: "resize", width, height });
  }

  onTick(): void {
    if (this.#state === "idle" && this.#exports("plugin_on_tick")) this.#call({ kind: "tick" });
  }

  async close(): Promise<void> {
    if (this.#state === "ended") return await this.#removed;
    this.#commands.length = 0;
    this.#closing = true;
    const timeUp = Promise.withResolvers<void>();
    using _limit = this.options.clock.timer(sessionLimits.closeMs, timeUp.resolve);
    if (this.#process !== undefined && this.#state === "busy") {
      await Promise.race([this.#done.promise, timeUp.promise]);
    }
    if (this.#isIdle() && this.#exports("plugin_on_close")) {
      this.#call({ kind: "close" });
      await Promise.race([this.#done.promise, timeUp.promise]);
    }
    this.#end();
    await this.#removed;
  }

  /** The state changes while {@link close} waits. */
  #isIdle(): boolean {
    return this.#state === "idle";
  }

  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  #exports(name: string): boolean {
    return this.#plugin?.exports.includes(name) === true;
  }

  #call(message: HostMessage): void {
    this.#state = "busy";
    this.#done = Promise.withResolvers<void>();
    this.#startTimer();
    void this.#process?.send(JSON.stringify(message));
  }

  /** Sends the first message when the process is up, and receives its messages until it ends. */
  async #converse(process: PluginProcess, first: HostMessage): Promise<void> {
    try {
      for await (const line of process.lines()) {
        const message = JSON.parse(line) as PluginMessage;
        if (message.kind !== "up") this.#receive(message);
        else if (!this.#hasEnded()) {
          this.#timer?.[Symbol.dispose]();
          this.#call(first);
        }
      }
      this.#fail("its process has ended");
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #startTimer(limitMs: number = sessionLimits.callMs, what = "it didn't return"): void {
    this.#timer = this.options.clock.timer(limitMs, () => {
      this.#fail(`${what} within ${limitMs / 1000} seconds, and was stopped`);
    });
  }

  #receive(message: Exclude<PluginMessage, { kind: "up" }>): void {
    if (this.#state === "ended") return;
    this.#timer?.[Symbol.dispose]();
    const { lines } = message;
    if (lines !== undefined && !this.#closing) {
      this.options.emit({ kind: "pluginRender", pane: this.options.pane, lines });
    }
    if (message.kind === "failed") return this.#fail(message.message);
    if (message.kind === "request") return void this.#answer(message.name, message.text);
    this.#state = "idle";
    this.#done.resolve();
    const next = this.#commands.shift();
    if (next !== undefined) this.handleCommand(next);
    else this.options.onIdle?.();
  }

  async #answer(name: CapabilityImport, text: string): Promise<void> {
    const { signal } = this.#ended;
    let answer: HostAnswer;
    await this.#requestTurn();
    if (signal.aborted) return;
    try {
      const value = await this.options.handlers[name](requestOf(name, text), signal);
      answer = { kind: "answer", text: JSON.stringify(value ?? null) };
      if (answer.text.length > sessionLimits.answerLength) {
        throw new KodamaError("conflict", `the answer of ${answer.text.length} bytes is too large`);
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      answer = { kind: "refusal", text: error.message.slice(0, 10_000) };
    }
    if (signal.aborted) return;
    this.#startTimer();
    await this.#process?.send(JSON.stringify(answer));
  }

  /** Resolves when the plugin may request something: a plugin that never stops asking slows only itself. */
  async #requestTurn(): Promise<void> {
    const { requests, requestMs } = sessionLimits;
    const now = this.options.clock.elapsedMs();
    this.#requestsUntilMs = Math.max(now, this.#requestsUntilMs) + requestMs;
    const delayMs = this.#requestsUntilMs - now - requests * requestMs;
    if (delayMs <= 0) return;
    await passed(this.options.clock, delayMs, { signal: this.#ended.signal });
  }

  #fail(error: string): void {
    if (this.#state === "ended") return;
    this.#end();
    if (this.#closing) return;
    this.options.emit({ kind: "pluginError", pane: this.options.pane, error });
  }

  #end(): void {
    this.#state = "ended";
    this.#timer?.[Symbol.dispose]();
    this.#ended.abort();
    this.#done.resolve();
    if (this.#process !== undefined) {
      this.#removed = Promise.resolve(this.#process[Symbol.asyncDispose]());
    }
  }
}

/** A plain text for the clipboard, and JSON for all others. */
function requestOf(name: CapabilityImport, text: string): unknown {
  if (name === "clipboard_write") return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new KodamaError("usage", `${name}: the request is not JSON`);
  }
}
