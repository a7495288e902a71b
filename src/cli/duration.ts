/** Durations as kubectl and Go write them: `15s`, `1h30m`, `1.5s`, `200ms`. */
import { BadValue } from "./flag.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What `setTimeout` can hold: 2^31 - 1 ms, some 24 days. */
const longestMs = 2_147_483_647;

/** Milliseconds, from 1 up to 24 days. Throws {@link BadValue}. https://pkg.go.dev/time#ParseDuration */
export function durationMs(raw: string): number {
  const part = /(\d+(?:\.\d+)?)(ms|s|m|h)/gy;
  let total = 0;
  let end = 0;
  for (const match of raw.matchAll(part)) {
    total += Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0);
    end = match.index + match[0].length;
  }
  if (raw === "" || end !== raw.length) {
    throw new BadValue(raw, "it is not a duration", {
      hint: "durations look like 15s, 2m or 1h30m",
    });
  }
  if (total < 1) throw new BadValue(raw, "it must be longer than nothing");
  if (total > longestMs) throw new BadValue(raw, "it must be at most 24 days");
  return Math.round(total);
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
