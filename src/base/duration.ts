/** Durations in the syntax of Go and kubectl, and days: `15s`, `1h30m`, `1.5s`, `200ms`, `2d`. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The limit of a timer: 2^31 - 1 ms, some 24 days. */
const longestMs = 2_147_483_647;

/** Returns milliseconds, from 1 to 596 hours; undefined for any other text. https://pkg.go.dev/time#ParseDuration */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,10}(?:\.\d{1,9})?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (unitMs[unit] ?? 0);
  }
  return totalMs >= 1 && totalMs <= longestMs ? Math.round(totalMs) : undefined;
}

/** Returns the shortest form that a person would write: `15s`, `1m30s`, `1.2s`, `340ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()}s`;
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const parts = [h > 0 ? `${h}h` : "", m > 0 ? `${m}m` : "", s > 0 ? `${s}s` : ""];
  return parts.join("");
}
