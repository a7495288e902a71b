/** Panes that show text of a source: a stream of events, a document. */
import { forEachUntil } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { type Line, span } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import type { Piece, Size } from "../../terminal/terminal.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Pane, PaneCommand, PaneContext } from "../pane.ts";
import { TextView } from "./text_view.ts";

interface TextSource {
  title: string;
  /** It shows the end, and what is added to it. */
  follow: boolean;
  wrap?: boolean;
  /** The pane shows the end, and later additions. */
  isTail?: boolean;
  /** The pane starts with the last lines of the source. */
  fill: (view: TextView, signal: AbortSignal, show: (status: Line) => void) => Promise<void>;
  /** Why it shouldn't be closed without a question, while {@link fill} runs. */
  running?: string;
  /** Actions of its own, besides those of every text. */
  act?: (action: string, pane: TextPane) => void;
  /** For the file that saving proposes. */
  fileName: string;
}

/** A pane with text. */
export class TextPane implements Pane {
  readonly title: string;
  readonly find = "search";
  readonly text: TextView;
  #error: string | undefined;
  #isDone = false;
  #shown: Line = [];

  constructor(readonly context: PaneContext, private readonly source: TextSource) {
    this.title = source.title;
    const { emit, signal } = context;
    this.text = new TextView({
      follow: source.follow,
      wrap: source.wrap ?? false,
      isTail: source.isTail ?? false,
      onChange: () => emit({ kind: "changed" }),
    });
    void this.#fill(signal);
  }

  get running(): string | undefined {
    return this.#isDone ? undefined : this.source.running;
  }

  get status(): Line {
    if (this.#error !== undefined) return [span("failed ", "bad"), ...this.text.status];
    if (this.text.length === 0 && !this.#isDone) return [span("loading …", "dim")];
    if (this.#shown.length === 0) return this.text.status;
    return [...this.#shown, span(" "), ...this.text.status];
  }

  view(size: Size): readonly Line[] {
    if (this.#error === undefined) return this.text.view(size);
    const lines = wrap(this.#error, size.columns).slice(0, size.rows)
      .map((line): Line => [span(line, this.context.theme.error)]);
    if (this.text.length === 0) return lines;
    return [...this.text.view({ ...size, rows: size.rows - lines.length }), ...lines];
  }

  handleCommand(command: PaneCommand): void {
    // A document has no rows to open, and Esc closes it when there is nothing to clear.
    if (command.type === "back" && !this.text.isNarrowed && this.running === undefined) {
      return this.context.emit({ kind: "close" });
    }
    this.text.handleCommand(command);
  }

  refusal(action: string): string | undefined {
    return this.text.refusal(action);
  }

  act(action: string): void {
    if (this.text.act(action)) return;
    const { emit } = this.context;
    if (action === "filter-lines") return emit({ kind: "find", as: "filter" });
    if (action === "copy") {
      emit({ kind: "clipboard", text: this.text.copied ?? "" });
      const { extent } = this.text;
      return extent === undefined
        ? emit({ kind: "toast", text: "copied", tone: "good" })
        : emit({ kind: "toast", text: `copied ${extent}`, tone: "warn" });
    }
    if (action === "save") return void this.#save();
    this.source.act?.(action, this);
  }

  /** Asks for a file, and writes a text to it; reports how that went, and the extent that `write` returns. */
  async saveAs(
    name: string,
    write: (file: SavedFile) => Promise<string | void>,
  ): Promise<void> {
    const { ask, emit, host } = this.context;
    const path = await ask({ kind: "line", label: "save to:", text: name });
    if (path === undefined || path.trim() === "") return;
    try {
      const { absolutePath } = await import("../../base/absolute_path.ts");
      const file = absolutePath(path.trim(), host.places.workingDir);
      await using written = await host.files.draft(file, { private: false, replace: false });
      let bytes = 0;
      const encoder = new TextEncoder();
      const extent = await write(async (text) => {
        const data = typeof text === "string" ? encoder.encode(text) : text;
        bytes += data.length;
        await written.write(data);
      });
      await written.complete();
      const what = extent === undefined ? `${bytes} bytes` : `${extent}, ${bytes} bytes,`;
      const tone = extent === undefined ? "good" : "warn";
      emit({ kind: "toast", text: `saved ${what} to ${file}`, tone });
    } catch (error) {
      emit({ kind: "toast", text: errorMessage(error), tone: "bad" });
    }
  }

  async #save(): Promise<void> {
    const { text, extent } = this.text;
    await this.saveAs(this.source.fileName, async (write) => {
      await write(text);
      return extent;
    });
  }

  async #fill(signal: AbortSignal): Promise<void> {
    try {
      await this.source.fill(this.text, signal, (status) => {
        this.#shown = status;
        this.context.emit({ kind: "changed" });
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#error = printable(errorMessage(error));
    }
    this.#isDone = true;
    this.context.emit({ kind: "changed" });
  }
}

/** Appends to a file that is being saved. */
type SavedFile = (text: string | Uint8Array) => Promise<void>;

/** The message of any error. */
export function errorMessage(error: unknown): string {
  return error instanceof KodamaError || error instanceof Error ? error.message : String(error);
}

/** Adds a painter's lines for events to a view, line by line. */
export async function paintInto<E>(
  view: TextView,
  events: AsyncIterable<E>,
  { paint, signal }: { paint: (event: E) => readonly Piece[]; signal: AbortSignal },
): Promise<void> {
  const decoder = new TextDecoder();
  let open = "";
  await forEachUntil(events, signal, (event) => {
    let text = open;
    for (const { data } of paint(event)) {
      for (const one of data) text += typeof one === "string" ? one : decoder.decode(one);
    }
    const lines = text.split("\n");
    open = lines.pop() ?? "";
    if (lines.length > 0) view.append(lines);
  });
  if (open !== "") view.append([open]);
}
