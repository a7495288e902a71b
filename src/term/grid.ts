/** A screen as a value: lines of spans, each span a text in one tone. What is drawn is compared, tested and painted from this. */
import { displayWidth } from "./width.ts";

/** What a span is, by meaning: the painter knows which colours and weights that takes. */
export type Tone =
  | "plain"
  | "dim"
  | "strong"
  | "good"
  | "warn"
  | "bad"
  /** Where a text fits what is searched for. */
  | "match"
  /** The line under the cursor, and what fits on it. */
  | "current"
  | "currentMatch"
  /** Signs beside the text: the prompt, the pointer, a mark. */
  | "sign"
  /** One cell that stands for the text cursor, where the terminal's own is hidden. */
  | "caret";

/** A text without control characters, in one tone. */
export interface Span {
  text: string;
  tone: Tone;
}

/** One row of the screen, no wider than the screen. */
export type Line = readonly Span[];

/** A screen, or the part of it that belongs to one program, from top to bottom. */
export interface Grid {
  lines: readonly Line[];
}

/** A span. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + displayWidth(text), 0);
}

/** The text as far as it fits, with `…` for what doesn't: at the end, or with `keep: "end"` at the beginning. */
export function clipText(text: string, columns: number, keep: "start" | "end" = "start"): string {
  if (displayWidth(text) <= columns) return text;
  if (columns <= 0) return "";
  const characters = keep === "start" ? [...text] : [...text].reverse();
  let kept: string[] = [];
  let width = 1;
  for (const character of characters) {
    width += displayWidth(character);
    if (width > columns) break;
    kept.push(character);
  }
  if (keep === "end") kept = kept.reverse();
  return keep === "start" ? `${kept.join("")}…` : `…${kept.join("")}`;
}

/** The line as far as it fits; no sign says that something is missing. */
export function clipLine(line: Line, columns: number): Line {
  const kept: Span[] = [];
  let room = columns;
  for (const { text, tone } of line) {
    const width = displayWidth(text);
    if (width <= room) {
      kept.push({ text, tone });
      room -= width;
      continue;
    }
    let part = "";
    for (const character of text) {
      room -= displayWidth(character);
      if (room < 0) break;
      part += character;
    }
    if (part !== "") kept.push({ text: part, tone });
    break;
  }
  return kept;
}

/** The line made exactly so wide: clipped, or with blanks of a tone at its end. */
export function padLine(line: Line, columns: number, tone: Tone = "plain"): Line {
  const clipped = clipLine(line, columns);
  const missing = columns - lineWidth(clipped);
  return missing === 0 ? clipped : [...clipped, span(" ".repeat(missing), tone)];
}

/** The text of a line, without its tones. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join("");
}
