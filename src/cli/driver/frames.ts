/**
 * Output on a terminal whose last line shows the progress of the run. Output in quick succession is gathered for
 * the time of a frame and written in one piece, above the line: the line stays visible however much a run
 * writes, and drawing happens no more often than the eye can see.
 */
import type { Clock } from "../../base/clock.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { insistMs } from "./interrupts.ts";
import type { Piece } from "../../present/run_painter.ts";
import type { Progress } from "../../present/run_progress.ts";
import { outcomeName } from "../../actions/exec/events.ts";
import { formatDuration } from "../../base/duration.ts";
import { displayWidth } from "../../terminal/width.ts";

/** A shorter run has no status line: it would only flash. */
const firstDelayMs = 700;

/** How long output is gathered if there was output just before: a keystroke's echo takes as long. */
const frameMs = 40;

/** How often the time in the line changes. */
const tickMs = 1000;

/** Above this amount gathered output is written at once. */
const frameBytes = 64 * 1024;

/** Above this amount a run waits for its terminal. */
const mostHeldBytes = 4 * frameBytes;

/** In between the terminal shows nothing new, if it supports synchronized output. */
const together = { begin: "\x1b[?2026h", end: "\x1b[?2026l" };

/** Options of the frames. */
export interface FramesOptions {
  terminal: Terminal;
  clock: Clock;
  progress: Progress;
  /** Writes pieces in their order. */
  put: (pieces: readonly Piece[]) => Promise<void>;
}

/** Writes the output of one run above its status line, until {@link end}. */
export class Frames implements Disposable {
  readonly #options: FramesOptions;
  readonly #beganMs: number;
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

  /** Starts the timer, and shows the line if the run takes long enough. */
  constructor(options: FramesOptions) {
    this.#options = options;
    this.#beganMs = options.clock.elapsedMs();
    this.#paintIn(firstDelayMs);
  }

  /** Takes output; resolves when more may come. Rejects if it can't be written. */
  async add(pieces: readonly Piece[]): Promise<void> {
    if (!this.#lineIsDue && this.#painting === undefined) {
      this.#midLine = isMidLine(pieces, this.#midLine);
      return await this.#options.put(pieces);
    }
    this.#held.push(...pieces);
    this.#heldBytes += bytesOf(pieces);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#heldBytes > mostHeldBytes) return await this.#paint();
    const waitMs = this.#paintedMs + frameMs - this.#nowMs;
    if (this.#painting !== undefined) this.#paintIn(frameMs);
    else if (waitMs > 0 && this.#heldBytes <= frameBytes) this.#paintIn(waitMs);
    else this.#paintAlone();
  }

  /** Shows a text in the line for a while, or removes it; returns whether the line is visible. */
  notice(text: string | undefined): boolean {
    this.#notice = text === undefined ? undefined : { text, untilMs: this.#nowMs + insistMs };
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
    return this.#options.clock.elapsedMs();
  }

  get #columns(): number {
    return this.#options.terminal.size()?.columns ?? 80;
  }

  get #lineIsDue(): boolean {
    return !this.#over && this.#nowMs - this.#beganMs >= firstDelayMs;
  }

  #paintIn(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.timer(delayMs, () => this.#paintAlone());
  }

  #paintAlone(): void {
    this.#paint().catch((error) => this.#failure ??= { error });
  }

  /** Writes one frame after the other; each takes all output present at its turn. */
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
    const { terminal: { stdout, stderr }, put } = this.#options;
    const pieces = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    if (pieces.length > 0) {
      const moves = this.#line.shown;
      if (moves) {
        await stderr.write(together.begin, this.#line.taken(this.#columns));
        // Standard output is another stream: output written there now would overtake it.
        await stderr.flush();
      }
      await put(pieces);
      this.#midLine = isMidLine(pieces, this.#midLine);
      await Promise.all([stdout.flush(), stderr.flush()]);
      await stderr.write(this.#drawn(), moves ? together.end : "");
    } else {
      await stderr.write(this.#drawn());
    }
    this.#plan();
  }

  /** Returns the current line, if it may be shown. */
  #drawn(): string {
    const columns = this.#columns;
    if (!this.#lineIsDue || this.#midLine) return this.#line.taken(columns);
    const elapsedMs = this.#nowMs - this.#beganMs;
    const notice = this.#nowMs < (this.#notice?.untilMs ?? 0) ? this.#notice?.text : undefined;
    const when = { elapsedMs, columns, ...(notice === undefined ? {} : { notice }) };
    return this.#line.put(statusText(this.#options.progress, when), columns);
  }

  #plan(): void {
    this.#paintedMs = this.#nowMs;
    if (this.#over) return;
    const tillLineMs = this.#beganMs + firstDelayMs - this.#nowMs;
    this.#paintIn(this.#held.length > 0 ? frameMs : tillLineMs > 0 ? tillLineMs : tickMs);
  }
}

function bytesOf(pieces: readonly Piece[]): number {
  return pieces.reduce(
    (sum, { data }) => data.reduce((inner, one) => inner + one.length, sum),
    0,
  );
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
 * One line at the bottom of the terminal that shows the progress of a run: its text, and the control sequences that
 * draw and erase it. Nothing here writes: {@link Frames} does.
 */

/** To the start of the line, and erase all of it. ECMA-48, EL 2. */
const erase = "\r\x1b[2K";

/** From the start of the line, erase to the end of the screen. ECMA-48, ED 0. */
const eraseBelow = "\r\x1b[J";

/** `40 of 50 done, 2 failed, 8 running, 12s: web-0, web-1`, cut to the width of the terminal. */
export function statusText(
  progress: Progress,
  { elapsedMs, columns, notice }: { elapsedMs: number; columns: number; notice?: string },
): string {
  if (progress.told !== undefined) return cut(progress.told, columns - 1);
  const counts = [...progress.ended];
  const done = counts.reduce((sum, [, number]) => sum + number, 0);
  const bad = counts.filter(([kind]) => kind !== "ok").map(([kind, number]) =>
    `${number} ${outcomeName(kind)}`
  );
  const parts = [
    ...(progress.detail === "" ? [] : [progress.detail]),
    `${done} of ${progress.names.length} done`,
    ...bad,
    `${progress.running.size} running`,
    formatDuration(Math.max(1000, Math.floor(elapsedMs / 1000) * 1000)),
  ];
  const names = [...progress.running].slice(0, 20).map((target) => progress.names[target] ?? "");
  const status = `${parts.join(", ")}${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
  return cut(notice === undefined ? status : `${notice} | ${status}`, columns - 1);
}

function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept) + displayWidth(character) + 1 > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * The state of the line on the terminal.
 *
 * The cursor stays at the start of the line: a terminal that is made narrower folds the line into several,
 * and from the start all of them can be erased. The same works if a terminal cuts instead of folding.
 */
class StatusLine {
  /** Width of the text on the screen. */
  #shown: number | undefined;

  /** Whether it is on the screen. */
  get shown(): boolean {
    return this.#shown !== undefined;
  }

  /** Returns the sequences that draw a text, replacing the current one. */
  put(text: string, columns: number): string {
    const before = this.taken(columns);
    this.#shown = displayWidth(text);
    return `${before}${text}\r`;
  }

  /** Returns the sequences that erase it at the terminal's current width; empty if it isn't shown. */
  taken(columns: number): string {
    const width = this.#shown;
    this.#shown = undefined;
    if (width === undefined) return "";
    return width < columns ? erase : eraseBelow;
  }
}
