/** Durations on the command line and in what it prints. */
import { parseDuration } from "../base/duration.ts";
import { BadValue } from "./flag.ts";

/** Milliseconds, from 1 up to 24 days. Throws {@link BadValue}. */
export function durationMs(raw: string): number {
  const ms = parseDuration(raw);
  if (ms !== undefined) return ms;
  throw new BadValue(raw, "it is not a duration", {
    hint: "durations look like 15s, 2m or 1h30m, up to 24 days",
  });
}

/** The shortest form a person would write: `15s`, `1m30s`, `1.2s`, `340ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()}s`;
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const parts = [h > 0 ? `${h}h` : "", m > 0 ? `${m}m` : "", s > 0 ? `${s}s` : ""];
  return parts.join("");
}
