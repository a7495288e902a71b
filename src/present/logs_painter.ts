/** Formats log events as bytes for the two output streams. Pure: the driver writes them. */
import {
  fieldText,
  jsonFieldsText,
  jsonObjectOf,
  type LogLine,
  type LogsEvent,
  stampOf,
  type StampStyle,
  type Target,
  type TemplatePart,
  textOf,
} from "../actions/logs/events.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { SinkData } from "../terminal/sink.ts";
import type { Piece } from "../terminal/terminal.ts";
import { plainStyle, type Style } from "../terminal/style.ts";
import { prefixes } from "./prefix.ts";
import { plural } from "../base/plural.ts";
import { failedContextText, skippedPodText } from "../runs/notes.ts";
import { tameLine } from "../terminal/tame.ts";
import { escapeControls } from "../base/plain_text.ts";

/** Display options of logs. */
export interface LogsPainterOptions extends LineTextOptions {
  format: "default" | "raw" | "json" | "jsonl";
  /** One pod was named: its only container is shown as in kubectl, without its name. */
  single: boolean;
  /** Only lines and errors. */
  quiet: boolean;
  /** How to read more logs at the same time. */
  moreRequests: string;
}

const encoder = new TextEncoder();
const newline = Uint8Array.of(0x0a);
const blank = Uint8Array.of(0x20);
const between = encoder.encode(",\n");

/** Formats the logs of one call. */
export class LogsPainter implements Painter<LogsEvent> {
  /** Lines are copied unchanged: their text isn't inspected. */
  readonly #exact: boolean;
  readonly #out = new JsonBuffer();
  #targets: readonly Target[] = [];
  #names: readonly string[] = [];
  #prefixes: readonly { text: string; bytes: Uint8Array }[] = [];
  #frames: readonly JsonFrame[] = [];
  #written = 0;

  constructor(private readonly options: LogsPainterOptions) {
    const { template, jsonFields, highlight, timestamps, terminal, style } = options;
    const marks = highlight.length > 0 && style !== plainStyle;
    const ownTimes = timestamps !== undefined && timestamps !== "full";
    this.#exact = template === undefined && jsonFields.length === 0 && !marks && !ownTimes &&
      !terminal;
  }

  /** Returns what to write for an event, in this order. The bytes are in memory that the next event reuses. */
  paint(event: LogsEvent): readonly Piece[] {
    if (event.kind === "lines") return [{ stream: "stdout", data: [this.#lines(event.lines)] }];
    if (event.kind === "sourcesAdded") this.#add(event.sources, event.names);
    const { quiet, format } = this.options;
    const notes = notesOn(event, this.#names, this.options).filter(({ important }) =>
      important || !quiet
    );
    const pieces = notes.map(({ text }) => messagePiece(text));
    if (event.kind !== "ended" || format !== "json") return pieces;
    return [...pieces, { stream: "stdout", data: [this.#written === 0 ? "[]\n" : "\n]\n"] }];
  }

  #add(targets: readonly Target[], names: readonly string[]): void {
    this.#targets = [...this.#targets, ...targets];
    this.#names = [...this.#names, ...names.map(printable)];
    const { format, single, template, style } = this.options;
    if (format === "json" || format === "jsonl") this.#frames = this.#targets.map(jsonFrame);
    const bare = format === "raw" || template !== undefined ||
      (single && this.#targets.length === 1);
    const texts = bare ? this.#names.map(() => "") : prefixes(this.#names, style);
    this.#prefixes = texts.map((text) => ({ text, bytes: encoder.encode(text) }));
  }

  #lines(lines: readonly LogLine[]): SinkData {
    const { format } = this.options;
    if (format === "json" || format === "jsonl") return this.#json(lines, format === "json");
    return this.#exact ? this.#bytes(lines) : this.#texts(lines);
  }

  #json(lines: readonly LogLine[], inArray: boolean): Uint8Array {
    const { terminal } = this.options;
    const out = this.#out;
    for (const line of lines) {
      if (inArray) out.add(this.#written++ === 0 ? encoder.encode("[\n") : between);
      writeJsonLine(out, line, known(this.#frames, line), { terminal });
      if (!inArray) out.add(newline);
    }
    return out.take();
  }

  #bytes(lines: readonly LogLine[]): Uint8Array {
    const { timestamps } = this.options;
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
      return lineTexts(line, known(this.#targets, line), this.options)
        .map((text) => `${prefix}${text}\n`);
    }).join("");
  }
}

function known<T>(all: readonly T[], { source }: LogLine): T {
  const one = all[source];
  if (one === undefined) throw new Error(`a line of source ${source}, which isn't known`);
  return one;
}

/* Notes on the state of the log streams, as text. */

/** A sentence about an event, and whether it is printed even if only lines are requested. */
interface Note {
  text: string;
  important: boolean;
}

/** Returns the notes about an event; none about lines. */
export function notesOn(
  event: LogsEvent,
  names: readonly string[],
  { moreRequests }: Pick<LogsPainterOptions, "moreRequests">,
): Note[] {
  switch (event.kind) {
    case "contextFailed":
      return [important(failedContextText(event))];
    case "unwatched":
      return [
        important(
          `context ${event.context}: pods that come later won't be seen: ${event.error.message}`,
        ),
      ];
    case "podsSkipped":
      return event.skipped.map((one) =>
        one.named ? important(skippedPodText(one)) : note(skippedPodText(one))
      );
    case "sourcesAdded":
      return event.joined ? event.names.map((name) => note(`${name} has joined`)) : [];
    case "queued": {
      const logs = plural(event.waiting, "log has", "logs have");
      return [note(`${logs} to wait: at most ${event.slots} at a time (${moreRequests})`)];
    }
    case "waitingForPods":
      return [important(waitingText(event))];
    case "linkLost":
      return [important(`lost the connection to ${serverText(event)}, retrying: ${event.reason}`)];
    case "linkBack":
      return [important(`connected to ${serverText(event)} again`)];
    case "lines":
    case "ended":
      return [];
    default:
      return [sourceNote(event, names[event.source] ?? "")];
  }
}

function waitingText(
  { words, where, nearest }: Extract<LogsEvent, { kind: "waitingForPods" }>,
): string {
  const match = words === "" ? "" : ` that match ${words}`;
  const guess = nearest.length === 0 ? "" : ` (did you mean ${nearest.join(" or ")}?)`;
  return `waiting for pods${match} ${where}${guess}`;
}

/** The current context may have no name. */
function serverText({ context }: { context: string }): string {
  return context === "" ? "the cluster" : context;
}

type SourceEvent = Extract<LogsEvent, { source: number }>;

function sourceNote(event: SourceEvent, name: string): Note {
  switch (event.kind) {
    case "waiting":
      return note(`${name}: hasn't started yet: ${event.reason}`);
    case "cut":
      return note(`${name}: the link broke, and is opened again: ${event.reason}`);
    case "restarted":
      return note(`${name}: container restarted (${restartText(event)})`);
    case "left":
      return note(`${name} has left`);
    case "gap":
      return important(`${name}: lines may be missing: ${event.reason}`);
    case "failed":
      return important(`${name}: ${event.error.message}`);
  }
}

/** `exit 3, Error, restart 2`: what the node reports about the previous instance. */
function restartText({ restarts, last }: Extract<SourceEvent, { kind: "restarted" }>): string {
  const end = last === undefined ? [] : [`exit ${last.exitCode}`, last.reason];
  return [...end, `restart ${restarts}`].filter((part) => part !== "").join(", ");
}

function note(text: string): Note {
  return { text, important: false };
}

function important(text: string): Note {
  return { text, important: true };
}

/* Log lines as text, if more is needed than their bytes: templates, fields, highlights, a terminal. */

/** How the text of a line is formatted. */
interface LineTextOptions {
  template: readonly TemplatePart[] | undefined;
  /** Fields to print instead of a line that is a JSON object. */
  jsonFields: readonly string[];
  highlight: readonly RegExp[];
  /** The time in front of the text, if requested. */
  timestamps: StampStyle | undefined;
  /** The output is a terminal. */
  terminal: boolean;
  style: Style;
}

/** Returns the lines to print for one log line: one, except for a progress bar on a terminal. Without line feeds. */
function lineTexts(line: LogLine, target: Target, options: LineTextOptions): string[] {
  const { template, timestamps, jsonFields } = options;
  if (template !== undefined) return [rendered(template, line, target, options)];
  const stamp = timestamps === undefined ? "" : `${stampText(line, timestamps)} `;
  const text = textOf(line);
  const chosen = jsonFields.length === 0 ? text : jsonFieldsText(text, jsonFields);
  return shown(chosen, options).map((one) => stamp + one);
}

/** Returns the time of a line; as the server wrote it, or in the time zone of this machine. */
function stampText(line: LogLine, style: StampStyle): string {
  if (style === "full" || line.stampEnd === line.stamp) return stampOf(line);
  const milliseconds = Math.trunc(line.nanos / 1e6);
  const moment = new Date(1000 * line.seconds + milliseconds);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  if (style === "short") return `${day} ${time}`;
  const ahead = -moment.getTimezoneOffset();
  const zone = `${ahead < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(ahead) / 60))}:${
    two(Math.abs(ahead) % 60)
  }`;
  const fraction = String(milliseconds).padStart(3, "0");
  return `${moment.getFullYear()}-${day}T${time}.${fraction}${zone}`;
}

function rendered(
  template: readonly TemplatePart[],
  line: LogLine,
  target: Target,
  options: LineTextOptions,
): string {
  let object: ReturnType<typeof jsonObjectOf> | null = null;
  const text = textOf(line);
  return template.map((part) => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "placeholder": {
        if (part.field === "message") {
          const { jsonFields } = options;
          return shown(jsonFields.length === 0 ? text : jsonFieldsText(text, jsonFields), options)
            .join(" ");
        }
        return part.field === "time" ? stampOf(line) : printable(target[part.field]);
      }
      case "field": {
        if (object === null) object = jsonObjectOf(text);
        const field = object === undefined ? undefined : fieldText(object, part.path);
        return field === undefined ? "" : shown(field, options).join(" ");
      }
    }
  }).join("");
}

/** Returns the text made safe for its output, with the matches highlighted. */
function shown(
  text: string,
  { terminal, highlight, style }: LineTextOptions,
): string[] {
  const pieces = terminal ? tameLine(text) : [text];
  return highlight.length === 0 ? pieces : pieces.map((one) => highlighted(one, highlight, style));
}

/** Colours and weights of the line itself: they aren't searched. */
// deno-lint-ignore no-control-regex -- this matches control characters
const paint = /(\x1b\[[0-9;:]*m)/;

function highlighted(text: string, patterns: readonly RegExp[], style: Style): string {
  return text.split(paint).map((part, index) =>
    index % 2 === 1 ? part : marked(part, patterns, style)
  )
    .join("");
}

/** Marks the matches of all patterns; overlapping matches are merged. */
function marked(text: string, patterns: readonly RegExp[], style: Style): string {
  const spans = patterns.flatMap((pattern) =>
    [...text.matchAll(new RegExp(pattern, "gu"))].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
    }))
  ).filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  let result = "";
  let at = 0;
  for (const { start, end } of spans) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    result += text.slice(at, from) + style.bold(style.red(text.slice(from, end)));
    at = end;
  }
  return result + text.slice(at);
}

/*
 * Log lines as JSON, written as bytes: at a million lines, every string that isn't made saves time.
 *
 *     {"context":…,"namespace":…,"pod":…,"container":…,"node":…,"time":…,"message":…}
 */

const [quote, backslash] = [0x22, 0x5c];
/** Longer lines are rare; a string is fast enough for them. */
const longBytes = 16 * 1024;
/** `\u001b`: the longest escape of one byte. */
const longestEscape = 6;

/** For each byte below 0x80 that can't occur in a JSON string: its escape. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 0x80 }, (_, code) => {
  const plain = code >= 0x20 && code !== quote && code !== backslash;
  return plain ? undefined : encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1));
});

/** Parts that are the same for all lines of a container. */
interface JsonFrame {
  head: Uint8Array;
}

const afterTime = encoder.encode(`","message":"`);
const noTime = encoder.encode(`null,"message":"`);
const tail = encoder.encode(`"}`);
const openQuote = Uint8Array.of(quote);

/** The start of every line of a container; names in it can't send control sequences to a terminal. */
function jsonFrame({ context, namespace, pod, container, node }: Target): JsonFrame {
  const text = escapeControls(JSON.stringify({ context, namespace, pod, container, node }));
  return { head: encoder.encode(`${text.slice(0, -1)},"time":`) };
}

/**
 * Writes one object, without a line feed.
 *
 * @param options.terminal control sequences are escaped too; JSON itself allows some of them.
 */
function writeJsonLine(
  out: JsonBuffer,
  line: LogLine,
  { head }: JsonFrame,
  { terminal }: { terminal: boolean },
): void {
  out.add(head);
  if (line.stampEnd > line.stamp) {
    out.add(openQuote);
    out.add(line.bytes, line.stamp, line.stampEnd);
    out.add(afterTime);
  } else out.add(noTime);
  if (terminal || !writeEscaped(out, line)) writeText(out, textOf(line), terminal);
  out.add(tail);
}

/** Returns false, with nothing written, for a text that isn't ASCII. */
function writeEscaped(out: JsonBuffer, { bytes, text, end }: LogLine): boolean {
  if (end - text > longBytes) return false;
  const buffer = out.reserve(longestEscape * (end - text));
  let at = out.used;
  for (let from = text; from < end; from++) {
    const byte = bytes[from] as number;
    if (byte >= 0x20 && byte < 0x80 && byte !== quote && byte !== backslash) {
      buffer[at++] = byte;
      continue;
    }
    const escape = escapes[byte];
    if (escape === undefined) return false;
    for (const one of escape) buffer[at++] = one;
  }
  out.advance(at);
  return true;
}

function writeText(out: JsonBuffer, text: string, terminal: boolean): void {
  const escaped = JSON.stringify(text).slice(1, -1);
  out.add(encoder.encode(terminal ? escapeControls(escaped) : escaped));
}

/* Collects bytes for one write. */

const firstBytes = 64 * 1024;
/** Below it a loop is faster than a call that copies. */
const shortBytes = 32;

/** Grows as it is written to. */
class JsonBuffer {
  #buffer = new Uint8Array(0);
  #used = 0;

  /** Reserves at least N bytes, from `used` on. They count once they are passed to {@link advance}. */
  reserve(bytes: number): Uint8Array {
    const needed = this.#used + bytes;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, firstBytes));
      grown.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = grown;
    }
    return this.#buffer;
  }

  /** Offset of the next byte. */
  get used(): number {
    return this.#used;
  }

  /** Marks the bytes up to this offset as written. */
  advance(used: number): void {
    this.#used = used;
  }

  /** Copies a range of some bytes. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    const buffer = this.reserve(length);
    let at = this.#used;
    if (length > shortBytes) buffer.set(bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) buffer[at++] = bytes[from] as number;
    this.#used += length;
  }

  /** Returns all bytes and resets; the memory is used again. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    return bytes;
  }
}
