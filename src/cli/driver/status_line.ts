/**
 * One line at the bottom of the terminal that shows the progress of a run: its text, and the control sequences that
 * draw and erase it. Nothing here writes: {@link Frames} does.
 */
import { outcomeName } from "../../actions/exec/events.ts";
import { formatDuration } from "../../base/duration.ts";
import { displayWidth } from "../../terminal/width.ts";
import type { Progress } from "../../present/run_progress.ts";

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
export class StatusLine {
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
