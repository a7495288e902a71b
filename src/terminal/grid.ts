/** A screen as a value: lines of spans, each a text in a single tone. Drawing, tests and painting all use this. */
import { displayWidth } from "./width.ts";

/** The meaning of a span: the painter maps it to colours and weights. */
export type Tone =
  | "plain"
  | "dim"
  | "strong"
  | "good"
  | "warn"
  | "bad"
  /** The part of a text that matches the query. */
  | "match"
  /** The line under the cursor, and the match on it. */
  | "current"
  | "currentMatch"
  /** Symbols beside the text: the prompt, the pointer, a mark. */
  | "sign"
  /** A text that has just changed. */
  | "changed"
  /** A cell that represents the text cursor if the terminal's own is hidden. */
  | "caret";

/** A text without control characters, in a single tone. */
export interface Span {
  text: string;
  tone: Tone;
  /** Instead of the tone's: parameters of SGR, such as `1;32`, of a program's own output. */
  sgr?: string;
}

/** A row of the screen, no wider than the screen. */
export type Line = readonly Span[];

/** A screen, or a program's part of it, from top to bottom. */
export interface Grid {
  lines: readonly Line[];
}

/** Returns a span. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** Returns the columns of a line. */
export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + displayWidth(text), 0);
}

/** Clips the text, with `…` for the omitted part: at the end, or with `keep: "end"` at the start. */
export function clipText(text: string, columns: number, keep: "start" | "end" = "start"): string {
  if (displayWidth(text) <= columns) return text;
  if (columns <= 0) return "";
  const characters = keep === "start" ? [...text] : [...text].reverse();
  let clipped: string[] = [];
  let width = 1;
  for (const character of characters) {
    width += displayWidth(character);
    if (width > columns) break;
    clipped.push(character);
  }
  if (keep === "end") clipped = clipped.reverse();
  return keep === "start" ? `${clipped.join("")}…` : `…${clipped.join("")}`;
}

/** Clips the line, without a sign for the omitted part. */
export function clipLine(line: Line, columns: number): Line {
  const clipped: Span[] = [];
  let available = columns;
  for (const one of line) {
    const { text } = one;
    const width = displayWidth(text);
    if (width <= available) {
      clipped.push(one);
      available -= width;
      continue;
    }
    let part = "";
    for (const character of text) {
      available -= displayWidth(character);
      if (available < 0) break;
      part += character;
    }
    if (part !== "") clipped.push({ ...one, text: part });
    break;
  }
  return clipped;
}

/** Sets the line's exact width: clipped, or padded with blanks of a tone. */
export function padLine(line: Line, columns: number, tone: Tone = "plain"): Line {
  const clipped = clipLine(line, columns);
  const missing = columns - lineWidth(clipped);
  return missing === 0 ? clipped : [...clipped, span(" ".repeat(missing), tone)];
}

/** Returns the text of a line, without its tones. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join("");
}
