/** Values as text for the page. What comes from a cluster can hold anything: {@link plain}. Pure. */
import { ageText, formatDuration } from "../../base/duration.ts";
import { printable } from "../../terminal/printable.ts";

export { plural } from "../../base/plural.ts";
export { commandLine } from "../../base/shell_quote.ts";
export { costText, firstLine, tokensText } from "../../present/agent_tasks.ts";
export { formatDuration };

/** Colours and other styles of a terminal, which the page omits. */
// deno-lint-ignore no-control-regex -- this matches escape sequences
const styling = /\x1b\[[0-9;:]*m/g;

/** Returns foreign text without a terminal's styles; other control characters are visible. */
export function plain(text: string): string {
  return printable(text.replace(styling, "").replace(/\r$/gm, ""));
}

/**
 * Returns why a line of a form doesn't take a paste; undefined if it does. A browser would join its lines, or cut it,
 * without a word: the text would be another one.
 */
export function pasteProblem(
  pasted: string,
  { room, keepsLines }: { room: number; keepsLines: boolean },
): string | undefined {
  if (!keepsLines && /[\r\n]/.test(pasted.trim())) {
    return "Several lines were pasted, and this field takes one. Nothing was inserted.";
  }
  if (pasted.length <= room) return undefined;
  const count = pasted.length.toLocaleString("en");
  return `The paste of ${count} characters is longer than this field. Nothing was inserted.`;
}

/** Returns how long ago a time was: `3m20s`; empty if there is none. */
export function ageOf(at: string | null | undefined, nowMs: number): string {
  const ms = Date.parse(at ?? "");
  return Number.isNaN(ms) ? "" : ageText(nowMs - ms);
}

/** Returns a time of the user's own zone: `14:05:09`, with the date if it isn't today's. */
export function clockTime(at: string | null | undefined, nowMs: number): string {
  const time = new Date(at ?? "");
  if (Number.isNaN(time.getTime())) return "";
  const isToday = time.toDateString() === new Date(nowMs).toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}

/** Returns a time limit: `7h12m`, and seconds only in the last minute. */
export function remaining(seconds: number): string {
  return ageText(seconds * 1000);
}
