/** Schedules of five fields. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax */

/** The values of each field: minute, hour, day of the month, month, day of the week. */
interface Schedule {
  fields: readonly ReadonlySet<number>[];
  /** A day has to match both of its fields; if both are limited, one of them. */
  anyDay: boolean;
}

const macros: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "sun mon tue wed thu fri sat".split(" ");

const bounds: readonly { least: number; most: number; names?: readonly string[] }[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
];

/** Reads a schedule; undefined if it is none. */
export function parseSchedule(text: string): Schedule | undefined {
  const parts = (macros[text] ?? text).trim().split(/\s+/);
  const fields = bounds.map((bound, index) => parseField(parts[index] ?? "", bound));
  if (parts.length !== bounds.length || fields.some((each) => each === undefined)) return undefined;
  const isLimited = (index: number) => !/^[*?]/.test(parts[index] ?? "");
  return {
    fields: fields.filter((each) => each !== undefined),
    anyDay: isLimited(2) && isLimited(4),
  };
}

function parseField(
  text: string,
  { least, most, names = [] }: (typeof bounds)[number],
): ReadonlySet<number> | undefined {
  const numberOf = (word: string) => {
    const named = names.indexOf(word.toLowerCase());
    return named >= 0 ? named + least : /^\d+$/.test(word) ? Number(word) : NaN;
  };
  const values = new Set<number>();
  for (const range of text.split(",")) {
    const [, all, from = "", to, step] = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(range) ??
      [];
    const first = all ? least : numberOf(from);
    const last = all || (to === undefined && step !== undefined) ? most : numberOf(to ?? from);
    const by = Number(step ?? 1);
    if (!(first >= least && last <= most && first <= last && by > 0)) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

/** Returns whether a schedule names a minute, in a time zone. */
export function isDue({ fields, anyDay }: Schedule, at: Date, timeZone = "UTC"): boolean {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    minute: "numeric",
    hour: "numeric",
    day: "numeric",
    month: "numeric",
    weekday: "short",
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  const [minute, hour, day, month, weekday] = [
    ...["minute", "hour", "day", "month"].map((type) => Number(part(type))),
    days.indexOf(part("weekday").toLowerCase()),
  ].map((value, index) => fields[index]?.has(value) ?? false);
  return Boolean(minute && hour && month && (anyDay ? day || weekday : day && weekday));
}

/** Returns whether the machine knows a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
