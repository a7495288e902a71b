/**
 * One line at the bottom of the terminal that says how far a run is. It is there only while nothing else is
 * written: it goes before output comes, and comes back when the output pauses.
 */
import type { Clock } from "../../base/clock.ts";
import type { Terminal } from "../../term/terminal.ts";
import { displayWidth } from "../../term/width.ts";
import { formatDuration } from "../../base/duration.ts";
import type { Progress } from "./progress.ts";

/** A run that ends sooner has no status line: it would only flash. */
const firstDelayMs = 700;

/** How long output must pause for the line to come back. */
const pauseMs = 200;

/** How often the time in it changes. */
const tickMs = 1000;

/** To the beginning of the line, and erase all of it. ECMA-48, EL 2. */
const erase = "\r\x1b[2K";

/** From the beginning of the line on, all to the end of the screen. ECMA-48, ED 0. */
const eraseBelow = "\r\x1b[J";

/** To the line above. ECMA-48, CUU. */
const up = "\x1b[A";

/** `40 of 50 done, 2 failed, 8 running, 12s: web-0, web-1`, cut to the width of the terminal. */
export function statusText(
  progress: Progress,
  { elapsedMs, columns }: { elapsedMs: number; columns: number },
): string {
  const counts = [...progress.ended];
  const done = counts.reduce((sum, [, number]) => sum + number, 0);
  const bad = counts.filter(([kind]) => kind !== "ok").map(([kind, number]) => `${number} ${kind}`);
  const parts = [
    ...(progress.detail === "" ? [] : [progress.detail]),
    `${done} of ${progress.names.length} done`,
    ...bad,
    `${progress.running.size} running`,
    formatDuration(Math.max(1000, Math.floor(elapsedMs / 1000) * 1000)),
  ];
  const names = [...progress.running].slice(0, 20).map((target) => progress.names[target] ?? "");
  const text = `${parts.join(", ")}${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
  return cut(text, columns - 1);
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
 * The line on a terminal. Everything else that is written goes between `pause` and `resume`.
 *
 * The cursor stays at the beginning of the line: a terminal that is made narrower folds the line into several,
 * and from where it begins all of them can be erased. So can they where a terminal cuts in place of folding.
 */
export class StatusLine implements Disposable {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #progress: Progress;
  readonly #beganMs: number;
  #timer: Disposable | undefined;
  /** How wide the text is that is on the screen. */
  #shown: number | undefined;
  /** Output is being written: the line must stay away. */
  #paused = false;

  /** Begins to count, and shows the line when the run takes its time. */
  constructor(options: { terminal: Terminal; clock: Clock; progress: Progress }) {
    this.#terminal = options.terminal;
    this.#clock = options.clock;
    this.#progress = options.progress;
    this.#beganMs = options.clock.elapsedMs();
    this.#drawIn(firstDelayMs);
  }

  /** Takes the line away; resolves when it is gone from the screen. */
  async pause(): Promise<void> {
    this.#paused = true;
    this.#timer?.[Symbol.dispose]();
    if (this.#shown === undefined) return;
    await this.#terminal.stderr.write(this.#taken());
    // Standard output is another stream: what is written there now would overtake it.
    await this.#terminal.stderr.flush();
  }

  /** A person pressed Enter, and the terminal went to its next line: the one that is shown is above it. */
  async lineFed(): Promise<void> {
    if (this.#shown !== undefined) await this.#terminal.stderr.write(up);
  }

  /** Lets the line come back. */
  resume(): void {
    this.#paused = false;
    const elapsedMs = this.#clock.elapsedMs() - this.#beganMs;
    this.#drawIn(Math.max(pauseMs, firstDelayMs - elapsedMs));
  }

  [Symbol.dispose](): void {
    this.#paused = true;
    this.#timer?.[Symbol.dispose]();
    if (this.#shown === undefined) return;
    // A broken standard error is noticed by whoever writes what matters.
    this.#terminal.stderr.write(this.#taken()).catch(() => {});
  }

  /** What takes the line away; from then on it isn't shown. */
  #taken(): string {
    const width = this.#shown ?? 0;
    this.#shown = undefined;
    return width < this.#columns() ? erase : eraseBelow;
  }

  #columns(): number {
    return this.#terminal.size()?.columns ?? 80;
  }

  #drawIn(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.timer(delayMs, () => {
      this.#draw().catch(() => {
        // As above.
      });
    });
  }

  async #draw(): Promise<void> {
    await this.#terminal.stdout.flush();
    if (this.#paused) return;
    const text = statusText(this.#progress, {
      elapsedMs: this.#clock.elapsedMs() - this.#beganMs,
      columns: this.#columns(),
    });
    const before = this.#taken();
    this.#shown = displayWidth(text);
    this.#drawIn(tickMs);
    await this.#terminal.stderr.write(`${before}${text}\r`);
  }
}
