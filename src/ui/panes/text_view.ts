/** Lines of text in a pane: scrolled, followed, wrapped, filtered and searched. */
import { type Line, lineWidth, type Span, span } from "../../terminal/grid.ts";
import { tameLine } from "../../terminal/tame.ts";
import type { Size } from "../../terminal/terminal.ts";
import { displayWidth } from "../../terminal/width.ts";
import { wrapLine } from "../../terminal/wrap.ts";
import { type Filter, parseFilter } from "../../table/live_table.ts";
import type { PaneAction, PaneCommand } from "../pane.ts";

/** Actions of every pane with text. */
export const textActions = [
  { id: "filter-lines", keys: ["&"], does: "show only the lines that match" },
  { id: "next-match", keys: ["]"], does: "go to the next match of the search" },
  { id: "previous-match", keys: ["["], does: "go to the previous match of the search" },
  { id: "save", keys: ["S"], does: "save the text to a file" },
  { id: "copy", keys: ["Y"], does: "copy the text to the terminal's clipboard" },
] as const satisfies readonly PaneAction[];

/** The oldest lines of a stream beyond this are dropped, a tenth at a time. */
const maxLines = 20_000;
/** The most characters of a line on the screen; the line itself stays whole. */
const maxShownLength = 8192;
/** Characters of a stream that are held; older lines are dropped. */
const maxHeldLength = 64 * 1024 * 1024;
/** A tab stops at every eighth column. */
const tabColumns = 8;
/** Columns of a step to the side. */
const sideColumns = 8;
/** A longer text isn't sent to a clipboard. */
const maxCopied = 100_000;

// deno-lint-ignore no-control-regex -- this matches the escape character
const sgr = /\x1b\[([\d;:]*)m/g;

/** A line as it was added. */
interface SourceLine {
  readonly text: string;
}

/** Lines, and the part of them that is shown. */
export class TextView {
  readonly #onChange: () => void;
  readonly #isTail: boolean;
  /** Tamed and cut, for the screen: colours are the only sequences in them. */
  #lines: string[] = [];
  /** The whole line that each of {@link #lines} shows a piece of: the same object for all its pieces. */
  #sources: SourceLine[] = [];
  #heldLength = 0;
  /** The text that {@link replace} was given; undefined for a stream. */
  #document: { text: string; extent: string | undefined } | undefined;
  /** Indexes of the lines that the filter lets through; undefined for all. */
  #matching: number[] | undefined;
  #filter: Filter | undefined;
  #search: Filter | undefined;
  /** The first line on the screen, as a position among those that are shown. */
  #top = 0;
  #left = 0;
  #isFollowing: boolean;
  #isWrapped: boolean;
  #size: Size = { columns: 80, rows: 24 };
  #dropped = 0;

  constructor({ follow, wrap = false, isTail = false, onChange }: {
    follow: boolean;
    wrap?: boolean;
    /** The first line isn't the first line of its source. */
    isTail?: boolean;
    onChange: () => void;
  }) {
    this.#isFollowing = follow;
    this.#isWrapped = wrap;
    this.#isTail = isTail;
    this.#onChange = onChange;
  }

  get length(): number {
    return this.#lines.length;
  }

  /** Adds lines without their ends, of a program or a server: as they are. */
  append(lines: readonly string[]): void {
    this.#document = undefined;
    for (const line of lines) this.#add(line);
    if (this.#lines.length > maxLines) this.#drop(Math.floor(maxLines / 10));
    while (this.#heldLength > maxHeldLength && this.#lines.length > 1) {
      this.#drop(Math.ceil(this.#lines.length / 10));
    }
    this.#onChange();
  }

  /**
   * Replaces everything by a document, which is held as a whole, whatever its length.
   *
   * @param extent the part of its source that it is, if it isn't the whole: "the first 4 MiB".
   */
  replace(document: string, extent?: string): void {
    this.#lines = [];
    this.#sources = [];
    this.#heldLength = 0;
    this.#dropped = 0;
    this.#matching = this.#filter === undefined ? undefined : [];
    this.#document = { text: document, extent };
    for (const line of document.replace(/\n$/, "").split("\n")) this.#add(line);
    this.#onChange();
  }

  #add(line: string): void {
    const source = { text: line };
    this.#heldLength += line.length;
    const shown = line.length > maxShownLength ? `${line.slice(0, maxShownLength)}…` : line;
    const isMatching = this.#filter?.matches(plain(line)) ?? true;
    for (const piece of tameLine(shown)) {
      if (isMatching) this.#matching?.push(this.#lines.length);
      this.#lines.push(piece);
      this.#sources.push(source);
    }
  }

  /**
   * The document as it was given; of a stream, the whole lines that are held and the filter lets through, without
   * colours.
   */
  get text(): string {
    if (this.#document !== undefined) return this.#document.text;
    return this.#heldLines.map(({ text }) => `${plain(text)}\n`).join("");
  }

  /** The extent of {@link text}, if it isn't everything there was: "the last 18000 lines", "the first 4 MiB". */
  get extent(): string | undefined {
    if (this.#document !== undefined) return this.#document.extent;
    const count = this.#heldLines.length;
    if (this.#matching !== undefined) return `the ${count} matching lines`;
    return this.#dropped > 0 || this.#isTail ? `the last ${count} lines` : undefined;
  }

  get #heldLines(): readonly SourceLine[] {
    const all = this.#matching?.flatMap((index) => this.#sources[index] ?? []) ?? this.#sources;
    return all.filter((source, at) => source !== all[at - 1]);
  }

  /** The text for a clipboard; undefined if it is too long. */
  get copied(): string | undefined {
    const { text } = this;
    return text.length > maxCopied ? undefined : text;
  }

  /** Whether a filter or a search is set. */
  get isNarrowed(): boolean {
    return this.#filter !== undefined || this.#search !== undefined;
  }

  /** The number of lines, the filter, the search, and the modes that are on. */
  get status(): Line {
    const count = this.#matching === undefined
      ? `${this.#lines.length}`
      : `${this.#matching.length} of ${this.#lines.length}`;
    return [
      ...(this.#isFollowing ? [span("follows ", "good")] : []),
      ...(this.#isWrapped ? [span("wraps ", "dim")] : []),
      ...(this.#filter === undefined ? [] : [span(`/${this.#filter.text} `, "match")]),
      ...(this.#search === undefined ? [] : [span(`search ${this.#search.text} `, "match")]),
      ...(this.#dropped > 0 ? [span(`${this.#dropped} older dropped `, "dim")] : []),
      ...(this.#document?.extent === undefined ? [] : [span(`${this.#document.extent} `, "warn")]),
      span(count, "dim"),
    ];
  }

  /** Draws the part that is shown. */
  view(size: Size): readonly Line[] {
    this.#size = size;
    const { columns, rows } = size;
    if (rows <= 0 || columns <= 0) return [];
    const count = this.#count;
    if (this.#isFollowing) this.#top = this.#lastTop();
    this.#top = Math.max(0, Math.min(this.#top, Math.max(0, count - 1)));
    const lines: Line[] = [];
    // At the end, all lines are drawn: the first line may have more rows than fit.
    for (let at = this.#top; at < count && (this.#isFollowing || lines.length < rows); at++) {
      const text = this.#textAt(at);
      const found = this.#search ?? this.#filter;
      const line = found === undefined ? toLine(text) : marked(plain(text), found);
      if (this.#isWrapped) lines.push(...wrapLine(line, columns));
      else lines.push(this.#left === 0 ? line : withoutColumns(line, this.#left));
    }
    // If not all rows of a wrapped line fit at the end, its last rows are shown.
    return this.#isFollowing && lines.length > rows ? lines.slice(-rows) : lines.slice(0, rows);
  }

  /** Handles a command; returns false for commands that don't concern text. */
  handleCommand(command: PaneCommand): boolean {
    const page = Math.max(1, this.#size.rows - 1);
    switch (command.type) {
      case "select_next":
      case "scroll_down":
        this.#scroll(1);
        break;
      case "select_prev":
      case "scroll_up":
        this.#scroll(-1);
        break;
      case "page_down":
        this.#scroll(page);
        break;
      case "page_up":
        this.#scroll(-page);
        break;
      case "go_to_top":
        this.#isFollowing = false;
        this.#top = 0;
        break;
      case "go_to_bottom":
        this.#top = this.#lastTop();
        break;
      case "scroll_left":
        this.#left = Math.max(0, this.#left - sideColumns);
        break;
      case "scroll_right":
        this.#left += sideColumns;
        break;
      case "toggle_follow":
        this.#isFollowing = !this.#isFollowing;
        break;
      case "toggle_wrap":
        this.#isWrapped = !this.#isWrapped;
        this.#left = 0;
        break;
      case "filter":
        this.#setFilter(parseFilter(command.query));
        break;
      case "clear_filter":
        this.#setFilter(undefined);
        break;
      case "search_input":
        this.#search = parseFilter(command.text);
        this.#find(1, this.#top);
        break;
      case "search_confirm":
        break;
      case "search_clear":
        this.#search = undefined;
        break;
      case "back":
        this.#search = undefined;
        this.#setFilter(undefined);
        break;
      default:
        return false;
    }
    this.#onChange();
    return true;
  }

  /** Handles an action of every pane with text, except for those with files; returns false for others. */
  act(action: string): boolean {
    if (action === "next-match") this.#find(1, this.#top + 1);
    else if (action === "previous-match") this.#find(-1, this.#top - 1);
    else return false;
    this.#onChange();
    return true;
  }

  /** Why an action can't be used now. */
  refusal(action: string): string | undefined {
    const isMatch = action === "next-match" || action === "previous-match";
    if (isMatch && this.#search === undefined) return "nothing is searched for: / starts a search";
    if ((action === "save" || action === "copy") && this.length === 0) return "there is no text";
    if (action === "copy" && this.copied === undefined) return "the text is too long to copy it";
    return undefined;
  }

  get #count(): number {
    return this.#matching?.length ?? this.#lines.length;
  }

  #textAt(at: number): string {
    return this.#lines[this.#matching?.[at] ?? at] ?? "";
  }

  #scroll(by: number): void {
    if (by < 0) this.#isFollowing = false;
    this.#top = Math.max(0, Math.min(this.#top + by, this.#lastTop()));
  }

  /** The first line of the last screen. */
  #lastTop(): number {
    const { columns, rows } = this.#size;
    if (!this.#isWrapped) return Math.max(0, this.#count - rows);
    let available = rows;
    let at = this.#count;
    while (at > 0 && available > 0) {
      at--;
      available -= Math.max(1, Math.ceil(lineWidth(toLine(this.#textAt(at))) / columns));
    }
    return at;
  }

  #setFilter(filter: Filter | undefined): void {
    this.#filter = filter;
    this.#matching = filter === undefined
      ? undefined
      : this.#sources.flatMap(({ text }, index) => filter.matches(plain(text)) ? [index] : []);
    this.#top = Math.max(0, Math.min(this.#top, this.#count - 1));
  }

  /** Scrolls to the next line with a match, from the start again after the end. */
  #find(step: 1 | -1, from: number): void {
    const { matches } = this.#search ?? {};
    const count = this.#count;
    if (matches === undefined || count === 0) return;
    for (let offset = 0; offset < count; offset++) {
      const at = ((from + step * offset) % count + count) % count;
      if (!matches(plain(this.#textAt(at)))) continue;
      this.#isFollowing = false;
      this.#top = at;
      return;
    }
  }

  #drop(count: number): void {
    // A line is dropped with all its pieces.
    while (
      this.#sources[count] !== undefined && this.#sources[count] === this.#sources[count - 1]
    ) {
      count++;
    }
    for (const [at, source] of this.#sources.slice(0, count).entries()) {
      if (source !== this.#sources[at - 1]) this.#heldLength -= source.text.length;
    }
    this.#lines = this.#lines.slice(count);
    this.#sources = this.#sources.slice(count);
    this.#dropped += count;
    if (this.#matching === undefined) this.#top = Math.max(0, this.#top - count);
    else {
      const before = this.#matching.length;
      this.#matching = this.#matching.flatMap((index) => index < count ? [] : [index - count]);
      this.#top = Math.max(0, this.#top - (before - this.#matching.length));
    }
  }
}

function plain(text: string): string {
  return text.replace(sgr, "");
}

/** Returns a tamed text as spans: its colours, and tabs as blanks. */
export function toLine(text: string): Line {
  if (!text.includes("\x1b") && !text.includes("\t")) return text === "" ? [] : [span(text)];
  const spans: Span[] = [];
  let style = "";
  let column = 0;
  let last = 0;
  const add = (part: string) => {
    let out = "";
    for (const [index, piece] of part.split("\t").entries()) {
      if (index > 0) {
        const blanks = tabColumns - column % tabColumns;
        out += " ".repeat(blanks);
        column += blanks;
      }
      out += piece;
      column += displayWidth(piece);
    }
    if (out !== "") spans.push(style === "" ? span(out) : { ...span(out), sgr: style });
  };
  for (const match of text.matchAll(sgr)) {
    add(text.slice(last, match.index));
    last = match.index + match[0].length;
    const parameters = match[1] ?? "";
    style = /^0*$/.test(parameters) ? "" : style === "" ? parameters : `${style};${parameters}`;
    // A program that never resets doesn't make a line grow without bound.
    if (style.length > 100) style = parameters.slice(0, 100);
  }
  add(text.slice(last));
  return spans;
}

/** Marks the matches of a search or a filter; lines that a filter of others lets through have none. */
function marked(text: string, { text: wanted, isLiteral }: Filter): Line {
  const flags = wanted === wanted.toLowerCase() ? "giu" : "gu";
  const source = isLiteral
    ? wanted.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
    : wanted.replace(/^!/, "");
  const spans: Span[] = [];
  let last = 0;
  for (const match of text.matchAll(new RegExp(source, flags))) {
    if (match[0] === "") continue;
    if (match.index > last) spans.push(...toLine(text.slice(last, match.index)));
    spans.push(span(match[0].replaceAll("\t", " "), "match"));
    last = match.index + match[0].length;
  }
  return [...spans, ...toLine(text.slice(last))];
}

/** Returns a line without its first columns. */
function withoutColumns(line: Line, columns: number): Line {
  let hidden = columns;
  return line.flatMap((one): Span[] => {
    if (hidden <= 0) return [one];
    const width = displayWidth(one.text);
    if (width <= hidden) {
      hidden -= width;
      return [];
    }
    let text = "";
    for (const character of one.text) {
      if (hidden > 0) hidden -= displayWidth(character);
      else text += character;
    }
    return [{ ...one, text }];
  });
}
