/** Formats log events as bytes for the two output streams. Pure: the driver writes them. */
import type { LogLine, LogsEvent, Target } from "../../../actions/logs/events.ts";
import { printable } from "../../../terminal/printable.ts";
import type { SinkData } from "../../../terminal/sink.ts";
import { plainStyle } from "../../../terminal/style.ts";
import { prefixes } from "../../../present/prefix.ts";
import { ByteWriter } from "./byte_writer.ts";
import { type JsonFrame, jsonFrame, writeJsonLine } from "./json_lines.ts";
import { type LineTextOptions, lineTexts } from "./line_text.ts";
import { notesOn } from "./notes.ts";

/** Display options of logs. */
export interface LogsPainterOptions extends LineTextOptions {
  format: "default" | "raw" | "json" | "jsonl";
  /** One pod was named: its only container is shown as in kubectl, without its name. */
  single: boolean;
  /** Only lines and errors. */
  quiet: boolean;
}

/** One item to write. */
export interface Piece {
  stream: "stdout" | "stderr";
  data: SinkData;
}

const encoder = new TextEncoder();
const newline = Uint8Array.of(0x0a);
const blank = Uint8Array.of(0x20);
const between = encoder.encode(",\n");

/** Formats the logs of one call. */
export class LogsPainter {
  readonly #options: LogsPainterOptions;
  /** Lines are copied unchanged: their text isn't inspected. */
  readonly #exact: boolean;
  readonly #out = new ByteWriter();
  #targets: readonly Target[] = [];
  #names: readonly string[] = [];
  #prefixes: readonly { text: string; bytes: Uint8Array }[] = [];
  #frames: readonly JsonFrame[] = [];
  #written = 0;

  constructor(options: LogsPainterOptions) {
    this.#options = options;
    const { template, jsonFields, highlight, timestamps, terminal, style } = options;
    const marks = highlight.length > 0 && style !== plainStyle;
    const ownTimes = timestamps !== undefined && timestamps !== "full";
    this.#exact = template === undefined && jsonFields.length === 0 && !marks && !ownTimes &&
      !terminal;
  }

  /** Returns what to write for an event, in this order. The bytes are in memory that the next event reuses. */
  paint(event: LogsEvent): readonly Piece[] {
    if (event.kind === "lines") return [{ stream: "stdout", data: this.#lines(event.lines) }];
    if (event.kind === "sourcesAdded") this.#add(event.sources, event.names);
    const { quiet, format } = this.#options;
    const notes = notesOn(event, this.#names).filter(({ important }) => important || !quiet);
    const pieces = notes.map(({ text }): Piece => ({
      stream: "stderr",
      data: `${printable(text)}\n`,
    }));
    if (event.kind !== "ended" || format !== "json") return pieces;
    return [...pieces, { stream: "stdout", data: this.#written === 0 ? "[]\n" : "\n]\n" }];
  }

  #add(targets: readonly Target[], names: readonly string[]): void {
    this.#targets = [...this.#targets, ...targets];
    this.#names = [...this.#names, ...names.map(printable)];
    const { format, single, template, style } = this.#options;
    if (format === "json" || format === "jsonl") this.#frames = this.#targets.map(jsonFrame);
    const bare = format === "raw" || template !== undefined ||
      (single && this.#targets.length === 1);
    const texts = bare ? this.#names.map(() => "") : prefixes(this.#names, style);
    this.#prefixes = texts.map((text) => ({ text, bytes: encoder.encode(text) }));
  }

  #lines(lines: readonly LogLine[]): SinkData {
    const { format } = this.#options;
    if (format === "json" || format === "jsonl") return this.#json(lines, format === "json");
    return this.#exact ? this.#bytes(lines) : this.#texts(lines);
  }

  #json(lines: readonly LogLine[], inArray: boolean): Uint8Array {
    const { terminal } = this.#options;
    const out = this.#out;
    for (const line of lines) {
      if (inArray) out.add(this.#written++ === 0 ? encoder.encode("[\n") : between);
      writeJsonLine(out, line, known(this.#frames, line), { terminal });
      if (!inArray) out.add(newline);
    }
    return out.take();
  }

  #bytes(lines: readonly LogLine[]): Uint8Array {
    const { timestamps } = this.#options;
    const out = this.#out;
    for (const line of lines) {
      out.add(known(this.#prefixes, line).bytes);
      if (timestamps !== undefined) {
        out.add(line.bytes, line.stamp, line.stampEnd);
        out.add(blank);
      }
      out.add(line.bytes, line.text, line.end);
      out.add(newline);
    }
    return out.take();
  }

  #texts(lines: readonly LogLine[]): string {
    return lines.flatMap((line) => {
      const prefix = known(this.#prefixes, line).text;
      return lineTexts(line, known(this.#targets, line), this.#options)
        .map((text) => `${prefix}${text}\n`);
    }).join("");
  }
}

function known<T>(all: readonly T[], { source }: LogLine): T {
  const one = all[source];
  if (one === undefined) throw new Error(`a line of source ${source}, which wasn't told`);
  return one;
}
