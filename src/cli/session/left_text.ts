/** What is left of a session's time, as words. Pure. */
import { limitText, type TimeLeft } from "../../actions/session/events.ts";

/** `7h12m`, `18m`, and seconds only in the last minute. */
export function leftText(seconds: number): string {
  return limitText(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60);
}

/** What ends first, for a table: `18m`. Nothing where nothing ends. */
export function firstLeft({ ttlSeconds, idleSeconds }: TimeLeft = {}): string {
  const first = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Number.isFinite(first) ? leftText(first) : "";
}
