/** Durations in the syntax of Go and kubectl, and days: `15s`, `1h30m`, `1.5s`, `200ms`, `2d`. */

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign, and the Greek letter.
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The limit of a timer: 2^31 - 1 ms, 596 hours. */
export const longestMs = 2_147_483_647;

/** Returns milliseconds, from 1 to 596 hours; undefined for any other text. https://pkg.go.dev/time#ParseDuration */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,10}(?:\.\d{1,9})?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  const ms = parseGoDuration(text) ?? 0;
  return ms >= 1 && ms <= longestMs ? Math.round(ms) : undefined;
}

/** Returns milliseconds, of any size and sign: of every text that kubectl takes, and of days; undefined for others. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, size = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (size === "0") return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|[u\u00b5\u03bc]s|ms|s|m|h|d)/g;
  if (size === "" || size.replaceAll(part, "") !== "") return undefined;
  let ms = 0;
  for (const [, amount, unit = ""] of size.matchAll(part)) {
    ms += Number(amount) * (unitMs[unit] ?? 0);
  }
  return sign === "-" ? 0 - ms : ms;
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

/* Ages as `kubectl get` shows them. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Has at most two units: `47s`, `3m20s`, `5h`, `3d2h`, `400d`. A clock that is behind the server's gives `0s`. */
export function ageText(ageMs: number): string {
  const age = Math.max(0, ageMs);
  const whole = (unit: number) => Math.floor(age / unit);
  const two = (unit: number, name: string, small: number, smallName: string) => {
    const remainder = Math.floor((age % unit) / small);
    return `${whole(unit)}${name}${remainder === 0 ? "" : `${remainder}${smallName}`}`;
  };
  if (age < 2 * minute) return `${whole(second)}s`;
  if (age < 10 * minute) return two(minute, "m", second, "s");
  if (age < 3 * hour) return `${whole(minute)}m`;
  if (age < 8 * hour) return two(hour, "h", minute, "m");
  if (age < 2 * day) return `${whole(hour)}h`;
  if (age < 8 * day) return two(day, "d", hour, "h");
  if (age < 2 * 365 * day) return `${whole(day)}d`;
  if (age < 8 * 365 * day) return two(365 * day, "y", day, "d");
  return `${whole(365 * day)}y`;
}

/** Returns the least age that {@link ageText} shows as a text, and for how long it does; undefined for other texts. */
export function parseAge(text: string): { ms: number; precisionMs: number } | undefined {
  const parts = /^(?:(\d{1,4})y)?(?:(\d{1,3})d)?(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,3})s)?$/
    .exec(text);
  if (parts === null) return undefined;
  const [y = 0, d = 0, h = 0, m = 0, s = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const ms = y * 365 * day + d * day + h * hour + m * minute + s * second;
  if (ageText(ms) !== text) return undefined;
  const precisionMs = ms < 10 * minute
    ? second
    : ms < 8 * hour
    ? minute
    : ms < 8 * day
    ? hour
    : ms < 8 * 365 * day
    ? day
    : 365 * day;
  return { ms, precisionMs };
}
