/** Log lines as text, if more is needed than their bytes: templates, fields, highlights, a terminal. */
import {
  fieldText,
  jsonFieldsText,
  jsonObjectOf,
  type LogLine,
  stampOf,
  type Target,
  type TemplatePart,
  textOf,
} from "../../../actions/logs/events.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Style } from "../../../terminal/style.ts";
import { tameLine } from "../../../terminal/tame.ts";
import type { StampStyle } from "./flag_values.ts";

/** How the text of a line is formatted. */
export interface LineTextOptions {
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
export function lineTexts(line: LogLine, target: Target, options: LineTextOptions): string[] {
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
      case "word": {
        if (part.word === "message") {
          const { jsonFields } = options;
          return shown(jsonFields.length === 0 ? text : jsonFieldsText(text, jsonFields), options)
            .join(" ");
        }
        return part.word === "time" ? stampOf(line) : printable(target[part.word]);
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
