/** Formats the events of forwards: addresses first, then what a person has to know; or data. */
import {
  addressText,
  type ForwardActionEvent,
  type ForwardInfo,
  type OpenForward,
} from "../actions/forward/forward.ts";
import type { TrafficEvent } from "../actions/forward/traffic.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { bytesText } from "./copy_painter.ts";
import type { Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece, printable, progressPiece } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";
import { recordingLine, trafficLine } from "./traffic_lines.ts";
import { failedContextText, waitingContextText } from "../runs/notes.ts";
import { displayWidth } from "../terminal/width.ts";

/** Display options of forwards. */
interface ForwardPainterOptions {
  format: "text" | "json" | "jsonl";
  /** Only the addresses, failures and errors. */
  quiet: boolean;
}

/** Formats the events of one command. */
export class ForwardPainter implements Painter<ForwardActionEvent> {
  readonly #addresses = new Map<number, string>();

  constructor(private readonly options: ForwardPainterOptions) {}

  paint(event: ForwardActionEvent): readonly Piece[] {
    if (event.kind === "listening") {
      this.#addresses.set(event.info.forward, addressText(event.info));
    }
    if (this.options.format === "jsonl") return [out(`${JSON.stringify(forwardData(event))}\n`)];
    if (this.options.format === "json" && event.kind === "ready") {
      const rows = event.forwards.map(({ info }) => infoData(info));
      return [out(`${JSON.stringify(rows, null, 2)}\n`)];
    }
    return this.#lines(event);
  }

  #lines(event: ForwardActionEvent): readonly Piece[] {
    const { quiet, format } = this.options;
    switch (event.kind) {
      case "listening":
        return format === "json" ? [] : [out(`${printable(infoText(event.info))}\n`)];
      case "pod": {
        const { from, to } = event;
        if (quiet) return [];
        const text = to === undefined
          ? `${from ?? "the pod"} is gone; connections wait for the next pod`
          : from === undefined
          ? `leads to ${to}`
          : `leads to ${to}, since ${from} is gone`;
        return [this.#message(event.forward, text)];
      }
      case "waiting":
        return quiet ? [] : [this.#message(event.forward, `connections wait: ${event.reason}`)];
      case "resumed":
        return quiet ? [] : [
          this.#message(event.forward, `answers again, after ${formatDuration(event.waitedMs)}`),
        ];
      case "closed": {
        const { failure, pod } = event.summary;
        if (failure === undefined) return [];
        const to = pod === "" ? "" : ` to ${pod}`;
        return [
          this.#message(
            event.ref.forward,
            `connection ${event.ref.connection}${to} failed: ${failure.message}`,
          ),
        ];
      }
      case "awake":
        return quiet ? [] : [
          messagePiece(
            `this machine was asleep for ${formatDuration(event.sleptMs)}: links are checked`,
          ),
        ];
      case "outOfSync":
        return [messagePiece(`${event.error.message}; trying again`)];
      case "contextWaiting":
        return quiet ? [] : [progressPiece(waitingContextText(event))];
      case "contextFailed":
        return [messagePiece(failedContextText(event))];
      case "inSync":
        return quiet ? [] : [messagePiece("the cluster answers again")];
      case "skipped":
        return [messagePiece(`${plural(event.count, "event")} came too fast to be shown`)];
      case "metrics":
        return [messagePiece(`metrics: ${event.url}`)];
      case "traffic":
        return format === "json" ? [] : trafficPieces(event.event);
      case "ended": {
        const record = event.record === undefined ? [] : [recordingLine(event.record)];
        const sums = quiet ? [] : event.forwards.flatMap(summaryLines);
        return [...sums, ...record].map((line) => messagePiece(line));
      }
      case "opened":
      case "ready":
        return [];
    }
  }

  #message(forward: number, text: string): Piece {
    return messagePiece(`${this.#addresses.get(forward) ?? forward}: ${text}`);
  }
}

function out(text: string): Piece {
  return { stream: "stdout", data: [text] };
}

/** `localhost:8080 -> svc/web:80 (web-0)`. */
export function infoText(info: ForwardInfo): string {
  const pod = info.pod === undefined || info.target === `pod/${info.pod}` ? "" : ` (${info.pod})`;
  return `${addressText(info)} -> ${info.target}:${info.remote}${pod}`;
}

/** What a forward has done, at its end; nothing if no program used it. */
function summaryLines({ info, statistics }: OpenForward): string[] {
  const { opened, failed, failures, toPod, fromPod, retries, firstByte } = statistics;
  if (opened === 0) return [];
  const requests = requestTexts(statistics);
  const reasons = Object.entries(failures).map(([reason, count]) => `${count} ${reason}`);
  const parts = [
    plural(opened, "connection"),
    ...(failed === 0 ? [] : [`${failed} failed (${reasons.join(", ")})`]),
    ...(retries === 0 ? [] : [`${plural(retries, "attempt")} repeated`]),
    ...(requests.length === 0 ? [] : [requests.join(", ")]),
    `${bytesText(toPod)} to the pod, ${bytesText(fromPod)} from it`,
    ...(firstByte.count === 0 ? [] : [
      `first byte within ${boundText(firstByte.quantile(0.5))}, 99 % within ${
        boundText(firstByte.quantile(0.99))
      }`,
    ]),
  ];
  return [`${addressText(info)}: ${parts.join("; ")}`];
}

/** Returns what observed connections have carried: `12 requests`, `3 queries, 1 with an error`. */
export function requestTexts(
  { requests }: { requests: OpenForward["statistics"]["requests"] },
): string[] {
  const kinds = new Map<string, { plural: string; count: number; failed: number }>();
  for (const [protocol, { count, failed }] of Object.entries(requests)) {
    const [one, many] = requestNouns[protocol] ?? ["request", "requests"];
    const kind = kinds.get(one) ?? { plural: many, count: 0, failed: 0 };
    kinds.set(one, { plural: many, count: kind.count + count, failed: kind.failed + failed });
  }
  return [...kinds].map(([one, { plural: many, count, failed }]) =>
    plural(count, one, many) + (failed === 0 ? "" : ` (${plural(failed, "error")})`)
  );
}

/** What is counted of a protocol, if those aren't requests. */
const requestNouns: Readonly<Record<string, readonly [string, string]>> = {
  grpc: ["call", "calls"],
  postgresql: ["query", "queries"],
  redis: ["command", "commands"],
};

function trafficPieces(event: TrafficEvent): Piece[] {
  const line = trafficLine(event);
  return line === undefined ? [] : [out(`${line}\n`)];
}

function boundText(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms === Infinity ? "more than 30s" : ms < 1000 ? `${ms}ms` : formatDuration(ms);
}

/** Returns an event as published data. */
function forwardData(event: ForwardActionEvent): Record<string, unknown> {
  switch (event.kind) {
    case "listening":
      return { kind: event.kind, ...infoData(event.info) };
    case "ready":
      return { kind: event.kind, forwards: event.forwards.map(({ info }) => infoData(info)) };
    case "ended":
      return { ...event, forwards: event.forwards.map(statisticsData) };
    case "opened":
      return { kind: event.kind, ...event.ref, pod: event.pod };
    case "closed":
      return { kind: event.kind, ...event.ref, ...event.summary };
    case "outOfSync":
      return { kind: event.kind, error: event.error.message };
    case "contextFailed":
      return { kind: event.kind, context: event.context, error: event.error.message };
    case "traffic":
      return { ...event, ...event.event, kind: "traffic", event: event.event.kind };
    default:
      return { ...event };
  }
}

/** Returns a forward as published data. */
function infoData(info: ForwardInfo): Record<string, unknown> {
  const { forward, address, target, remote, pod } = info;
  const local = address.kind === "unix"
    ? { socket: address.path }
    : { address: address.hostname, port: address.port };
  return { forward, local: addressText(info), ...local, target, remote, pod: pod ?? null };
}

/** Returns a forward with what it has done, as published data. */
export function statisticsData({ info, statistics }: OpenForward): Record<string, unknown> {
  const { toPod, fromPod, active, opened, closed, retries, failures } = statistics;
  const { connect, firstByte, duration, requests } = statistics;
  return {
    ...infoData(info),
    toPod,
    fromPod,
    active,
    opened,
    closed,
    failed: statistics.failed,
    failures,
    retries,
    requests,
    latencyMs: Object.fromEntries(
      Object.entries({ connect, firstByte, duration }).map(([name, histogram]) => [name, {
        count: histogram.count,
        mean: histogram.count === 0 ? null : histogram.sumMs / histogram.count,
      }]),
    ),
  };
}

/* The live display: a row for each forward. */

const bars = "▁▂▃▄▅▆▇█";
/** Seconds of activity that are shown. */
const historyLength = 60;

/** The activity of one forward. */
interface Activity {
  lastBytes: number;
  rates: number[];
}

/** Rows of forwards: bytes both ways, open connections, failures, and the activity of the last minute. */
export class ForwardProgress implements Progress<ForwardActionEvent> {
  #forwards: readonly OpenForward[] = [];
  readonly #activities = new Map<number, Activity>();
  #second = 0;

  /** @param columns the current width of the terminal. */
  constructor(private readonly columns: () => number) {}

  follow(event: ForwardActionEvent): void {
    if (event.kind === "ready") this.#forwards = event.forwards;
  }

  statusLine(elapsedMs: number): string {
    const second = Math.floor(elapsedMs / 1000);
    if (second !== this.#second) this.#sample(second);
    return this.#forwards.map((one) => printable(this.#row(one))).join("\n");
  }

  #sample(second: number): void {
    const seconds = Math.min(second - this.#second, historyLength);
    this.#second = second;
    for (const { info, statistics } of this.#forwards) {
      const activity = this.#activities.get(info.forward) ?? { lastBytes: 0, rates: [] };
      const bytes = statistics.toPod + statistics.fromPod;
      const rate = (bytes - activity.lastBytes) / Math.max(1, seconds);
      activity.lastBytes = bytes;
      activity.rates.push(...new Array<number>(seconds).fill(rate));
      activity.rates.splice(0, activity.rates.length - historyLength);
      this.#activities.set(info.forward, activity);
    }
  }

  /** As much as fits, the address first. */
  #row({ info, statistics }: OpenForward): string {
    const { toPod, fromPod, active, failed } = statistics;
    const rates = this.#activities.get(info.forward)?.rates ?? [];
    const address = addressText(info).replace(/^localhost:/, ":");
    const failures = failed === 0 ? [] : [`${failed} failed`];
    const bytes = `↑${bytesText(toPod)} ↓${bytesText(fromPod)}`;
    const counts = [bytes, ...requestTexts(statistics), `${active} open`, ...failures];
    const columns = this.columns() - 1;
    const width = (parts: readonly string[]) => displayWidth(parts.join("  "));
    // Without space for all: what has failed says more than what is open, and that more than bytes.
    let fitting = counts.length;
    while (fitting > 0 && width([address, ...counts.slice(-fitting)]) > columns) fitting--;
    const parts = [address, ...counts.slice(counts.length - fitting)];
    const free = columns - width(parts) - 2;
    const pod = `→ ${info.pod ?? info.target}`;
    if (free >= displayWidth(pod) + 12) parts.splice(1, 0, pod);
    const seconds = Math.min(columns - width(parts) - 2, 30);
    if (seconds >= 5) parts.push(sparkline(rates.slice(-seconds)));
    return parts.join("  ");
  }
}

/** Returns a bar for each number, relative to the largest. */
export function sparkline(rates: readonly number[]): string {
  const most = Math.max(...rates, 1);
  return rates.map((rate) => {
    const level = rate <= 0 ? 0 : Math.max(1, Math.round((rate / most) * (bars.length - 1)));
    return bars[level] ?? "";
  }).join("");
}
