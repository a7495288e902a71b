/** The pane of a plugin: shows the lines that it rendered last. Commands go to its session, which never waits. */
import { pluginCommandOf } from "../../plugin/command.ts";
import type { PluginEvent, PluginSession } from "../../plugin/session.ts";
import { clipLine, type Line, span } from "../../terminal/grid.ts";
import { pluginLine } from "../../present/plugin_text.ts";
import type { Size } from "../../terminal/terminal.ts";
import { printable } from "../../terminal/printable.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Pane, PaneAction, PaneCommand, PaneContext, PaneLook } from "../pane.ts";

/** The actions of every plugin's pane. */
export const pluginActions: readonly PaneAction[] = [
  { id: "plugin-input", keys: ["i"], does: "send a line of text to the plugin" },
  { id: "plugin-reload", keys: ["r"], does: "start the plugin again, from its file" },
];

/** The state of the plugin. */
type PluginStatus =
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  | { readonly kind: "error"; readonly error: string };

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const spinnerMs = 100;

/** A plugin's side of the pane, made again by each reload. */
type OpenSession = () => PluginSession;

/** The parts of its context that the pane itself needs. */
type PluginPaneContext = Pick<PaneContext, "theme" | "emit" | "ask" | "signal">;

/** The pane of a plugin. */
export class PluginPane implements Pane {
  readonly title: string;
  readonly find = "filter";
  #session: PluginSession;
  #status: PluginStatus = { kind: "loading" };
  /** The lines of the last rendering, as the plugin sent them. */
  #rendered: readonly string[] = [];
  /** The lines of {@link #rendered} that were drawn, safe for the terminal: a frame draws only its own lines. */
  #drawn: Line[] = [];
  #size: Size | undefined;
  #isFocused = false;
  /** Waits for the end of the session before. */
  #reloading: Promise<void> | undefined;

  constructor(
    key: string,
    private readonly context: PluginPaneContext,
    private readonly open: OpenSession,
  ) {
    this.title = key;
    this.#session = open();
  }

  view({ columns, rows }: Size, { nowMs }: PaneLook): readonly Line[] {
    const { theme } = this.context;
    switch (this.#status.kind) {
      case "loading": {
        const sign = spinner[Math.floor(nowMs / spinnerMs) % spinner.length] ?? "";
        return [[span(`${sign} starting`, theme.muted)]].slice(0, rows)
          .map((line) => clipLine(line, columns));
      }
      case "ready":
        return this.#lines(rows).map((line) => clipLine(line, columns));
      case "error": {
        const lines = wrap(this.#status.error, columns).map((line): Line => [
          span(line, theme.error),
        ]);
        // The last rendering may be the reason: a panic's message.
        return [...lines, ...this.#lines(rows)].slice(0, rows)
          .map((line) => clipLine(line, columns));
      }
    }
  }

  handleCommand(command: PaneCommand): void {
    const mapped = pluginCommandOf(command);
    if (mapped !== undefined) this.#session.handleCommand(mapped);
  }

  onFocus(focused: boolean): void {
    if (focused === this.#isFocused) return;
    this.#isFocused = focused;
    this.#session.onFocus(focused);
  }

  onResize(size: Size): void {
    if (size.columns === this.#size?.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#session.onResize(size.columns, size.rows);
  }

  onTick(): void {
    this.#session.onTick();
    if (this.#status.kind === "loading") this.context.emit({ kind: "changed" });
  }

  onPlugin(event: PluginEvent): void {
    if (event.kind === "pluginRender") {
      this.#rendered = event.lines;
      this.#drawn = [];
      if (this.#status.kind === "loading") this.#status = { kind: "ready" };
    } else {
      this.#status = { kind: "error", error: printable(event.error) };
    }
  }

  act(action: string): void {
    if (action === "plugin-reload") this.#reload();
    if (action === "plugin-input") void this.#input();
  }

  refusal(action: string): string | undefined {
    return action === "plugin-input" && this.#status.kind === "error"
      ? "the plugin has failed"
      : undefined;
  }

  async close(): Promise<void> {
    await this.#reloading;
    await this.#session.close();
  }

  #reload(): void {
    if (this.#reloading !== undefined) return;
    this.#status = { kind: "loading" };
    this.#rendered = [];
    this.#drawn = [];
    this.#reloading = this.#session.close().finally(() => {
      this.#reloading = undefined;
      if (this.context.signal.aborted) return;
      this.#session = this.open();
      if (this.#isFocused) this.#session.onFocus(true);
      if (this.#size !== undefined) this.#session.onResize(this.#size.columns, this.#size.rows);
    });
  }

  async #input(): Promise<void> {
    const text = await this.context.ask({
      kind: "line",
      label: `${this.title}: `,
      keepsLines: true,
    });
    if (text !== undefined) this.handleCommand({ type: "send_input", text });
  }

  /** The first rendered lines, as many as the pane can show. */
  #lines(rows: number): readonly Line[] {
    while (this.#drawn.length < Math.min(rows, this.#rendered.length)) {
      this.#drawn.push([span(pluginLine(this.#rendered[this.#drawn.length] ?? ""))]);
    }
    return this.#drawn.slice(0, rows);
  }
}
