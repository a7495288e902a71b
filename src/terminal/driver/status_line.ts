/**
 * Output on a terminal whose last line shows the progress of the work. Output in quick succession is gathered for the
 * time of a frame and written in a single piece, above the line: the line stays visible however much is written, and
 * drawing happens no more often than the eye can see.
 */
import type { Clock } from "../../base/clock.ts";
import type { Piece, Terminal } from "../terminal.ts";
import { displayWidth } from "../width.ts";

/** Shorter work has no status line: it would only flash. */
const firstDelayMs = 700;

/** How long output is gathered if there was output just before: a keystroke's echo takes as long. */
const frameMs = 40;

/** How often the time in the line changes. */
const tickMs = 1000;

/** Above this amount gathered output is written at once. */
const frameBytes = 64 * 1024;

/** Above this amount the work waits for its terminal. */
const mostHeldBytes = 4 * frameBytes;

/** In between the terminal shows nothing new, if it supports synchronized output. */
const together = { begin: "\x1b[?2026h", end: "\x1b[?2026l" };

/** A text in front of the line for a while. */
export interface KeyHint {
  text: string;
  forMs: number;
}

interface StatusFramesOptions {
  terminal: Terminal;
  clock: Clock;
  /** Returns the text, of a line or more, at most `rows`; each is cut at the width of the terminal. */
  text: (elapsedMs: number, rows: number) => string;
  /** The start of the work, by the clock. */
  startedMs: number;
  /** Writes pieces in their order. */
  put: (pieces: readonly Piece[]) => Promise<void>;
}

/** Writes output above a status line, until {@link end}. */
export class StatusFrames implements Disposable {
  readonly #line = new StatusLine();
  #held: Piece[] = [];
  #heldBytes = 0;
  /** The last line of output is incomplete: the status line would be written into it. */
  #midLine = false;
  #paintedMs = Number.NEGATIVE_INFINITY;
  #notice: { text: string; untilMs: number } | undefined;
  #painting: Promise<void> | undefined;
  #timer: Disposable | undefined;
  /** The error of a frame that wasn't awaited. */
  #failure: { error: unknown } | undefined;
  #over = false;

  /** Starts the timer, and shows the line if the work takes long enough. */
  constructor(private readonly options: StatusFramesOptions) {
    this.#paintIn(firstDelayMs);
  }

  /** Takes output; resolves when more may come. Rejects if it can't be written. */
  async add(pieces: readonly Piece[]): Promise<void> {
    if (!this.#lineIsDue && this.#painting === undefined) {
      this.#midLine = isMidLine(pieces, this.#midLine);
      return await this.options.put(pieces);
    }
    this.#held.push(...pieces);
    this.#heldBytes += pieces.reduce(
      (sum, { data }) => data.reduce((inner, one) => inner + one.length, sum),
      0,
    );
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#heldBytes > mostHeldBytes) return await this.#paint();
    const waitMs = this.#paintedMs + frameMs - this.#nowMs;
    if (this.#painting !== undefined) this.#paintIn(frameMs);
    else if (waitMs > 0 && this.#heldBytes <= frameBytes) this.#paintIn(waitMs);
    else this.#paintAlone();
  }

  /** Shows a hint in the line for a while, or removes it; returns whether the line is visible. */
  notice(hint: KeyHint | undefined): boolean {
    this.#notice = hint && { text: hint.text, untilMs: this.#nowMs + hint.forMs };
    return this.#lineIsDue;
  }

  /** Writes all output taken so far. */
  async flush(): Promise<void> {
    await this.#paint();
  }

  /** Removes the line for good, and writes all output taken so far. Rejects if it can't be written. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#paint();
  }

  /** Like {@link end}, for callers that can't wait. */
  [Symbol.dispose](): void {
    this.#over = true;
    this.#paintAlone();
  }

  get #nowMs(): number {
    return this.options.clock.elapsedMs();
  }

  get #columns(): number {
    return this.options.terminal.size()?.columns ?? 80;
  }

  /** One row remains for output. */
  get #rows(): number {
    return Math.max(1, (this.options.terminal.size()?.rows ?? 24) - 1);
  }

  get #lineIsDue(): boolean {
    return !this.#over && this.#nowMs - this.options.startedMs >= firstDelayMs;
  }

  #paintIn(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.options.clock.timer(delayMs, () => this.#paintAlone());
  }

  #paintAlone(): void {
    this.#paint().catch((error) => this.#failure ??= { error });
  }

  /** Writes frame after frame; each takes all output present at its turn. */
  async #paint(): Promise<void> {
    const before = this.#painting;
    const painting = (async () => {
      await before?.catch(() => {});
      await this.#frame();
    })();
    this.#painting = painting;
    try {
      await painting;
    } finally {
      if (this.#painting === painting) this.#painting = undefined;
    }
  }

  async #frame(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    const { terminal: { stdout, stderr }, put } = this.options;
    const pieces = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    if (pieces.length > 0) {
      const moves = this.#line.shown;
      if (moves) {
        await stderr.draw(together.begin, this.#line.taken(this.#columns));
        // Standard output is another stream: output written there now would overtake it.
        await stderr.flush();
      }
      await put(pieces);
      this.#midLine = isMidLine(pieces, this.#midLine);
      await Promise.all([stdout.flush(), stderr.flush()]);
      await stderr.draw(this.#drawn(), moves ? together.end : "");
    } else {
      await stderr.draw(this.#drawn());
    }
    this.#plan();
  }

  /** Returns the current line, if it may be shown. */
  #drawn(): string {
    const columns = this.#columns;
    if (!this.#lineIsDue || this.#midLine) return this.#line.taken(columns);
    const text = this.options.text(this.#nowMs - this.options.startedMs, this.#rows);
    const notice = this.#nowMs < (this.#notice?.untilMs ?? 0) ? this.#notice?.text : undefined;
    const all = notice === undefined ? text : `${notice} | ${text}`;
    const lines = all.split("\n").slice(0, this.#rows);
    return this.#line.put(lines.map((line) => cut(line, columns - 1)), columns);
  }

  #plan(): void {
    this.#paintedMs = this.#nowMs;
    if (this.#over) return;
    const tillLineMs = this.options.startedMs + firstDelayMs - this.#nowMs;
    this.#paintIn(this.#held.length > 0 ? frameMs : tillLineMs > 0 ? tillLineMs : tickMs);
  }
}

/** Returns whether the last line of a text is incomplete, given its state before. */
function isMidLine(pieces: readonly Piece[], before: boolean): boolean {
  for (const { data } of pieces.toReversed()) {
    for (const one of data.toReversed()) {
      if (one.length > 0) return typeof one === "string" ? !one.endsWith("\n") : one.at(-1) !== 10;
    }
  }
  return before;
}

/*
 * The lines at the bottom of the terminal that show the progress of a run: their text, and the control sequences that
 * draw and erase it. Nothing here writes: {@link Frames} does.
 */

/** To the start of the line, and erase all of it. ECMA-48, EL 2. */
const erase = "\r\x1b[2K";

/** From the start of the line, erase to the end of the screen. ECMA-48, ED 0. */
const eraseBelow = "\r\x1b[J";

/** The line never reaches the last column, where a terminal would wrap it. */
function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let start = "";
  for (const character of text) {
    if (displayWidth(start) + displayWidth(character) + 1 > columns) break;
    start += character;
  }
  return `${start}…`;
}

/**
 * The state of the line on the terminal.
 *
 * The cursor stays at the start of the first line: a terminal that is made narrower folds the line into several,
 * and from the start all of them can be erased. The same works if a terminal cuts instead of folding.
 */
class StatusLine {
  /** Width of the first line on the screen. */
  #shown: number | undefined;
  #isMore = false;

  /** Whether it is on the screen. */
  get shown(): boolean {
    return this.#shown !== undefined;
  }

  /** Returns the sequences that draw lines, replacing the current lines. */
  put(lines: readonly string[], columns: number): string {
    const before = this.taken(columns);
    this.#shown = displayWidth(lines[0] ?? "");
    this.#isMore = lines.length > 1;
    const up = this.#isMore ? `\x1b[${lines.length - 1}A` : "";
    return `${before}${lines.join("\r\n")}\r${up}`;
  }

  /** Returns the sequences that erase it at the terminal's current width; empty if it isn't shown. */
  taken(columns: number): string {
    const width = this.#shown;
    this.#shown = undefined;
    if (width === undefined) return "";
    return width < columns && !this.#isMore ? erase : eraseBelow;
  }
}
