/** A shell in a pod, inside a pane: keys and the pane's size go to the pod, the pod's output is drawn. */
import type {
  Outcome,
  ShellEvent,
  ShellOptions,
  ShellTerminal,
} from "../../actions/shell/events.ts";
import { reasonOrName } from "../../actions/exec/events.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { parseDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import { Latest } from "../../base/latest.ts";
import { clipLine, type Line, span } from "../../terminal/grid.ts";
import { keyBytes } from "../../terminal/key_bytes.ts";
import type { TerminalInput } from "../../terminal/keys.ts";
import { printable } from "../../terminal/printable.ts";
import type { Size } from "../../terminal/terminal.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Pane, PaneAction, PaneCommand, PaneContext, PaneLook } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { Emulator } from "./emulator.ts";
import { objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";

/** Inputs that wait for the pod. */
const waitingInputs = 256;

const actions: readonly PaneAction[] = [
  { id: "terminal-restart", keys: ["r"], does: "start the shell again" },
];

/** Registers the panes. */
export function registerTerminal(registry: PaneRegistry): void {
  registry.register("terminal", (context) => new TerminalPane(context, podShell(context)), {
    summary: "a shell in a pod",
    actions,
  });
  registry.register("attach", (context) => new TerminalPane(context, sessionShell(context)), {
    summary: "a shell in a session",
    actions,
  });
}

/** The pane's streams for a shell. */
export type ShellStreams = Pick<ShellOptions, "stdin" | "signal"> & { terminal: ShellTerminal };

interface ShellSource {
  /** `shell in web-0`. */
  title: string;
  /** Opens it, again after it has ended. */
  open: (streams: ShellStreams) => Promise<{
    events: AsyncIterable<ShellEvent>;
    reasonOf: (outcome: Outcome) => string;
  }>;
}

function podShell({ config, host }: PaneContext): ShellSource {
  const objects = objectsOfRows(config);
  return {
    title: `shell in ${printable(objectsText(objects))}`,
    async open(streams) {
      const { shell } = await import("../../actions/shell/shell.ts");
      const { contexts, selection } = selectionOfRows(objects);
      const events = shell(host, {
        contexts,
        selection,
        command: [],
        // The shell ends with its pane: nothing remains in the pod.
        keepMs: 0,
        fresh: false,
        ...streams,
      });
      return { events, reasonOf: reasonOrName };
    },
  };
}

/** The shell remains in the session when its pane is closed, as that of `kodama attach` when its connection is lost. */
function sessionShell({ config, host, scope, emit }: PaneContext): ShellSource {
  const name = String(config["session"] ?? "");
  const namespace = String(config["namespace"] ?? "");
  const isShared = config["shared"] === true;
  return {
    title: `${isShared ? "shared shell" : "shell"} in the session ${printable(name)}`,
    async open(streams) {
      const [{ attach }, { shell }, { persistentFor }] = await Promise.all([
        import("../../actions/session/attach.ts"),
        import("../../actions/shell/shell.ts"),
        import("../../actions/shell/options.ts"),
      ]);
      const context = scope.context === undefined ? {} : { context: scope.context };
      const attached = await attach(host, { name, namespace, ...context }, {
        signal: streams.signal,
        ...(isShared ? { shared: { readOnly: false } } : {}),
      });
      if (attached.unsynced !== undefined) {
        const text = `${attached.unsynced} isn't synced: the process of its sync was killed`;
        emit({ kind: "toast", text, tone: "warn" });
      }
      const keepMs = isShared ? 0 : parseDuration(persistentFor) ?? 0;
      const events = shell(host, { ...attached.shell, keepMs, fresh: false, ...streams });
      return { events, reasonOf: reasonOrName };
    },
  };
}

/** The state of the shell. */
type TerminalStatus =
  | { readonly kind: "connecting"; readonly why?: string }
  /** A persistent shell remains in the pod when the pane is closed. */
  | { readonly kind: "attached"; readonly isPersistent: boolean }
  | { readonly kind: "ended"; readonly message: string; readonly isError: boolean };

/** A connection's streams; a restart makes others. */
interface Link {
  readonly input: BoundedQueue<Uint8Array>;
  readonly sizes: Latest<Size>;
  readonly stop: AbortController;
}

/** The pane of a shell. */
export class TerminalPane implements Pane {
  readonly title: string;
  #status: TerminalStatus = { kind: "connecting" };
  #size: Size | undefined;
  #emulator: Emulator | undefined;
  #link: Link | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly context: PaneContext, private readonly source: ShellSource) {
    this.title = source.title;
  }

  get status(): Line {
    const status = this.#status;
    if (status.kind === "attached") return [];
    const text = status.kind === "ended" ? "ended; r starts it again" : status.why ?? "connecting";
    return [span(text, this.context.theme.muted)];
  }

  get takesKeys(): boolean {
    return this.#status.kind === "attached";
  }

  get running(): string | undefined {
    return this.#status.kind === "attached" && !this.#status.isPersistent ? this.title : undefined;
  }

  view({ columns, rows }: Size, { focused }: PaneLook): readonly Line[] {
    const status = this.#status;
    if (status.kind !== "ended") {
      return this.#emulator?.lines({ columns, rows }, focused && this.takesKeys) ?? [];
    }
    const tone = status.isError ? this.context.theme.error : this.context.theme.muted;
    const end = wrap(status.message, columns).map((line): Line => [span(line, tone)]);
    const screen = this.#emulator?.lines({ columns, rows }, false) ?? [];
    const used = screen.findLastIndex((line) => line.length > 0) + 1;
    const room = Math.max(0, rows - end.length);
    return [...screen.slice(Math.max(0, used - room), used), ...end].slice(0, rows)
      .map((line) => clipLine(line, columns));
  }

  /** Keys are the shell's. The pane scrolls by the mouse wheel, and by keys after the shell has ended. */
  handleCommand(command: PaneCommand): void {
    const rows = this.#size?.rows ?? 1;
    const lines = {
      scroll_up: -1,
      scroll_down: 1,
      select_prev: -1,
      select_next: 1,
      page_up: -rows,
      page_down: rows,
    }[command.type as string];
    if (lines !== undefined) this.#emulator?.scroll(lines);
    if (command.type === "go_to_bottom") this.#emulator?.scrollToEnd();
  }

  onInput(input: TerminalInput): void {
    if (this.#link === undefined || this.#emulator === undefined) return;
    this.#emulator.scrollToEnd();
    const isSent = this.#type(keyBytes(input, this.#emulator.modes));
    if (isSent || input.kind !== "paste") return;
    const text = "paste dropped: the shell takes no more input now";
    this.context.emit({ kind: "toast", text, tone: "bad" });
  }

  onResize(size: Size): void {
    if (size.columns === this.#size?.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#emulator?.resize(size);
    this.#link?.sizes.set(size);
    // Before it has a size, a shell would draw for another size.
    this.#running ??= this.#run();
  }

  act(action: string): void {
    if (action !== "terminal-restart" || this.#status.kind !== "ended") return;
    this.#running = this.#run();
  }

  refusal(action: string): string | undefined {
    return action === "terminal-restart" && this.#status.kind !== "ended"
      ? "the shell runs"
      : undefined;
  }

  async close(): Promise<void> {
    this.#link?.stop.abort();
    await this.#running;
    this.#emulator?.[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { signal, emit } = this.context;
    const size = this.#size ?? { columns: 80, rows: 24 };
    const link: Link = {
      input: new BoundedQueue(waitingInputs),
      sizes: new Latest(size),
      stop: new AbortController(),
    };
    this.#link = link;
    this.#show({ kind: "connecting" });
    try {
      this.#emulator?.[Symbol.dispose]();
      this.#emulator = await Emulator.create(size, (answer) => this.#type(answer));
      const { events, reasonOf } = await this.source.open({
        stdin: link.input,
        terminal: { term: "xterm-256color", size, sizes: link.sizes },
        signal: AbortSignal.any([signal, link.stop.signal]),
      });
      for await (const event of events) await this.#onEvent(event, reasonOf);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.#show({ kind: "ended", message: printable(error.message), isError: true });
    } finally {
      link.input.close();
      link.sizes.close();
      // A restart may have another link by now.
      if (this.#link === link) this.#link = undefined;
      emit({ kind: "changed" });
    }
  }

  async #onEvent(event: ShellEvent, reasonOf: (outcome: Outcome) => string): Promise<void> {
    switch (event.kind) {
      case "attached":
        this.#show({ kind: "attached", isPersistent: event.multiplexer !== undefined });
        return;
      case "output":
        await this.#emulator?.write(event.bytes);
        return this.context.emit({ kind: "changed" });
      case "linkLost":
        return this.#show({ kind: "connecting", why: printable(event.reason) });
      case "contextFailed":
      case "podsSkipped":
      case "containersDefaulted":
        return;
      case "ended": {
        const { outcome } = event.end;
        const isOk = outcome.kind === "ok" || outcome.kind === "failed";
        const message = isOk
          ? `the shell has exited (${event.exitCode})`
          : `the shell has ended: ${reasonOf(outcome)}`;
        return this.#show({ kind: "ended", message: printable(message), isError: !isOk });
      }
    }
  }

  /** Sends a text to the pod, whole; drops it if the pod takes none, as a terminal does. Returns whether it was sent. */
  #type(text: string): boolean {
    const input = this.#link?.input;
    if (input === undefined || input.size === input.capacity) return false;
    if (text !== "") void input.push(new TextEncoder().encode(text));
    return true;
  }

  #show(status: TerminalStatus): void {
    this.#status = status;
    this.context.emit({ kind: "changed" });
  }
}
