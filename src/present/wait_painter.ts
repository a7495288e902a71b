/** Formats the events of a wait: lines as `kubectl wait` prints them, why the others wait, or data. */
import type { WaitDetail, WaitEvent, WaitState } from "../actions/wait/wait.ts";
import { plural } from "../base/plural.ts";
import { formatDuration } from "../base/duration.ts";
import type { Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";

/** Display options of a wait. */
export interface WaitPainterOptions {
  format: "text" | "json" | "jsonl";
  /** Only the objects that meet the condition, and errors. */
  quiet: boolean;
}

/** Formats the events of one wait. */
export class WaitPainter implements Painter<WaitEvent> {
  readonly #options: WaitPainterOptions;
  readonly #met = new Set<string>();
  readonly #causes = new Map<string, string>();

  constructor(options: WaitPainterOptions) {
    this.#options = options;
  }

  paint(event: WaitEvent): readonly Piece[] {
    if (this.#options.format === "jsonl") return [out(`${JSON.stringify(waitData(event))}\n`)];
    if (this.#options.format === "json") {
      return event.kind === "ended" ? [out(`${JSON.stringify(waitData(event), null, 2)}\n`)] : [];
    }
    switch (event.kind) {
      case "started":
        return event.states.flatMap((state) => this.#line(state));
      case "changed":
        return event.changed.flatMap((state) => this.#line(state));
      case "outOfSync":
        return [messagePiece(`${event.error.message}; trying again`)];
      case "inSync":
        return this.#options.quiet ? [] : [messagePiece("the server answers again")];
      case "ended":
        return this.#end(event);
    }
  }

  /** An object is printed when it meets the conditions; what doesn't come right by itself is a message. */
  #line({ name, verdict }: WaitState): Piece[] {
    if (verdict.kind === "met") {
      this.#causes.delete(name);
      if (this.#met.has(name)) return [];
      this.#met.add(name);
      return [out(`${printable(name)} condition met\n`)];
    }
    const before = this.#causes.get(name);
    const cause = verdict.kind === "stuck" ? verdict.cause : "";
    this.#causes.set(name, cause);
    if (cause === "" || cause === before || this.#options.quiet) return [];
    return [messagePiece(`${name}: ${verdict.reason}`)];
  }

  #end({ end, states, details }: Extract<WaitEvent, { kind: "ended" }>): Piece[] {
    if (end === "met") return [];
    const unmet = states.filter(({ verdict }) => verdict.kind !== "met");
    const title = end === "timeout"
      ? "error: timed out waiting for the condition"
      : "error: the condition can't be met";
    const lines = unmet.flatMap((state) => [
      ...reasonLines(state),
      ...detailLines(details.find(({ name }) => name === state.name)),
    ]);
    const omitted = unmet.length - details.length;
    const more = omitted > 0 ? [`  no details of ${plural(omitted, "other object")}`] : [];
    return [title, ...lines, ...more].map((line) => messagePiece(line));
  }
}

function reasonLines({ name, verdict }: WaitState): string[] {
  return verdict.kind === "met" ? [] : [`${name}: ${verdict.reason}`];
}

function detailLines(detail: WaitDetail | undefined): string[] {
  if (detail === undefined) return [];
  const { events, log } = detail;
  return [
    ...events.map((text) => `  event: ${text}`),
    ...(log === undefined ? [] : log.lines.map((line) => `  ${log.container}| ${line}`)),
  ];
}

function out(text: string): Piece {
  return { stream: "stdout", data: [text] };
}

/** Returns an event as published data. */
export function waitData(event: WaitEvent): Record<string, unknown> {
  switch (event.kind) {
    case "started":
      return { kind: event.kind, objects: event.states.map(stateData) };
    case "changed":
      return { kind: event.kind, objects: event.changed.map(stateData) };
    case "outOfSync":
      return { kind: event.kind, error: event.error.message };
    case "inSync":
      return { kind: event.kind };
    case "ended":
      return {
        kind: event.kind,
        end: event.end,
        exitCode: event.exitCode,
        objects: event.states.map((state) => ({
          ...stateData(state),
          ...detailData(event.details.find(({ name }) => name === state.name)),
        })),
      };
  }
}

function stateData({ name, verdict: { kind, ...why } }: WaitState): Record<string, unknown> {
  return { name, state: kind, ...why };
}

function detailData(detail: WaitDetail | undefined): Record<string, unknown> {
  if (detail === undefined) return {};
  const { name: _, ...data } = detail;
  return data;
}

/** `2 of 5 objects; pod/web-3: container main: ImagePullBackOff; 12s`. */
export class WaitProgress implements Progress<WaitEvent> {
  #states: readonly WaitState[] = [];

  follow(event: WaitEvent): void {
    if ("states" in event) this.#states = event.states;
  }

  statusLine(elapsedMs: number): string {
    const unmet = this.#states.filter(({ verdict }) => verdict.kind !== "met");
    const worst = unmet.find(({ verdict }) => verdict.kind === "stuck") ?? unmet[0];
    const why = worst === undefined || worst.verdict.kind === "met"
      ? []
      : [`${worst.name}: ${worst.verdict.reason}`];
    const done = `${this.#states.length - unmet.length} of ${this.#states.length}`;
    const elapsed = formatDuration(Math.floor(elapsedMs / 1000) * 1000);
    return printable([done, elapsed, ...why].join("  "));
  }
}
