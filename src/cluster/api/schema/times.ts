/**
 * Times as Kubernetes writes them, however they were sent: in UTC, to the second (`Time`) or with six
 * digits after it (`MicroTime`). https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#MicroTime
 */

/** The two types of time that fields have. */
export type TimeKind = "time" | "microTime";

/** Returns the text for a moment: seconds since 1970, and nanoseconds after it. */
export function timeText(kind: TimeKind, seconds: number, nanoseconds: number): string {
  const toSecond = new Date(seconds * 1000).toISOString().slice(0, -".000Z".length);
  if (kind === "time") return `${toSecond}Z`;
  const micros = Math.floor(nanoseconds / 1000);
  return `${toSecond}.${String(micros).padStart(6, "0")}Z`;
}

const rfc3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** The result of parsing a time. */
export type ParsedTime =
  | { kind: "time"; text: string }
  /** Returns the error of Go's `time.Parse`, which decoders pass on. */
  | { kind: "wrong"; message: string };

/** Reads RFC 3339 as Go does: a `MicroTime` has exactly six digits after the second. */
export function parseTime(kind: TimeKind, text: string): ParsedTime {
  const [, toSecond, fraction = "", zone] = rfc3339.exec(text) ?? [];
  const seconds = Date.parse(`${toSecond}${zone}`) / 1000;
  if (toSecond === undefined || Number.isNaN(seconds)) {
    return wrong(text, layouts[kind], text, layouts[kind].slice(0, 4));
  }
  if (kind === "microTime" && fraction.length !== 6) {
    const rest = text.slice(toSecond.length);
    return wrong(text, layouts.microTime, rest, fraction.length > 6 ? "Z07:00" : ".000000");
  }
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  return { kind: "time", text: timeText(kind, seconds, nanoseconds) };
}

const layouts = {
  time: "2006-01-02T15:04:05Z07:00",
  microTime: "2006-01-02T15:04:05.000000Z07:00",
} as const;

function wrong(text: string, layout: string, rest: string, part: string): ParsedTime {
  const [shown, unread] = [text, rest].map((each) => JSON.stringify(each.slice(0, 64)));
  return {
    kind: "wrong",
    message: `parsing time ${shown} as "${layout}": cannot parse ${unread} as "${part}"`,
  };
}
