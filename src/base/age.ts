/** Ages as `kubectl get` shows them. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration */

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
