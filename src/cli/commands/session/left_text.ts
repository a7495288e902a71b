/** The remaining time of a session as text. Pure. */
import { limitText, type TimeLeft } from "../../../actions/session/events.ts";

/** `7h12m`, `18m`, and seconds only in the last minute. */
export function leftText(seconds: number): string {
  return limitText(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60);
}

/** Returns what ends first, for a table: `18m`. Empty if nothing ends. */
export function firstLeft({ ttlSeconds, idleSeconds }: TimeLeft = {}): string {
  const first = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Number.isFinite(first) ? leftText(first) : "";
}
