/** Formats the events of a wait: lines as `kubectl wait` prints them, why the others wait, or data. */
import type { WaitDetail, WaitEvent, WaitState } from "../actions/wait/wait.ts";
import { plural } from "../base/plural.ts";
import { formatDuration } from "../base/duration.ts";
import { tableLines } from "../terminal/table.ts";
import type { Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";

/** Display options of a wait. */
interface WaitPainterOptions {
  /** `name`: only the names of the objects, as `kubectl get -o name` prints them. */
  format: "text" | "json" | "jsonl" | "name";
  /** Only the objects that meet the condition, and errors. */
  quiet: boolean;
  /** {@link WaitProgress} shows the reasons while they last. */
  isLive: boolean;
}

/** Formats the events of one wait. */
export class WaitPainter implements Painter<WaitEvent> {
  readonly #met = new Set<string>();
  /** The reason that was printed last of each object that doesn't come right by itself. */
  readonly #printed = new Map<string, { cause: string; reason: string }>();

  constructor(private readonly options: WaitPainterOptions) {}

  paint(event: WaitEvent): readonly Piece[] {
    if (this.options.format === "jsonl") return [out(`${JSON.stringify(waitData(event))}\n`)];
    if (this.options.format === "json") {
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
        return this.options.quiet ? [] : [messagePiece("the server answers again")];
      case "ended":
        return this.#end(event);
    }
  }

  /** An object is printed when it meets the conditions; what doesn't come right by itself is a message. */
  #line({ name, id, verdict }: WaitState): Piece[] {
    if (verdict.kind === "met") {
      if (this.#met.has(name)) return [];
      this.#met.add(name);
      return [
        out(
          this.options.format === "name"
            ? `${printable(id)}\n`
            : `${printable(name)} condition met\n`,
        ),
      ];
    }
    const { isLive, quiet } = this.options;
    if (verdict.kind !== "stuck" || isLive || quiet) return [];
    const { cause, reason } = verdict;
    if (this.#printed.get(name)?.cause === cause) return [];
    this.#printed.set(name, { cause, reason });
    return [messagePiece(`${name}: ${reason}`)];
  }

  #end({ end, states, details }: Extract<WaitEvent, { kind: "ended" }>): Piece[] {
    const met = states.filter(({ verdict }) => verdict.kind === "met")
      .flatMap((state) => this.#line(state));
    if (end === "met") return met;
    const unmet = states.filter(({ verdict }) => verdict.kind !== "met");
    const title = end === "timeout"
      ? "error: timed out waiting for the condition"
      : "error: the condition can't be met";
    const lines = unmet.flatMap((state) => {
      const own = detailLines(details.find(({ name }) => name === state.name));
      return [...this.#reasonLines(state, own.length > 0), ...own];
    });
    const omitted = unmet.length - details.length;
    const more = omitted > 0 ? [`  no details of ${plural(omitted, "other object")}`] : [];
    return [...met, ...[title, ...lines, ...more].map((line) => messagePiece(line))];
  }

  /** A reason that was printed before isn't repeated. */
  #reasonLines({ name, verdict }: WaitState, hasDetails: boolean): string[] {
    if (verdict.kind === "met") return [];
    if (this.#printed.get(name)?.reason !== verdict.reason) return [`${name}: ${verdict.reason}`];
    return hasDetails ? [`${name}:`] : [];
  }
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
function waitData(event: WaitEvent): Record<string, unknown> {
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

function stateData(
  { name, verdict: { kind, ...why }, warning, log }: WaitState,
): Record<string, unknown> {
  return {
    name,
    state: kind,
    ...why,
    ...(warning === undefined ? {} : { warning }),
    ...(log === undefined ? {} : { log }),
  };
}

function detailData(detail: WaitDetail | undefined): Record<string, unknown> {
  if (detail === undefined) return {};
  const { name: _, ...data } = detail;
  return data;
}

/** Advances each second. */
const spinner = [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"];

/** The objects and why they aren't in the state: those that hold up the wait first, with their details. */
export class WaitProgress implements Progress<WaitEvent> {
  #states: readonly WaitState[] = [];

  follow(event: WaitEvent): void {
    if ("states" in event) this.#states = event.states;
  }

  statusLine(elapsedMs: number, rows: number): string {
    const seconds = Math.floor(elapsedMs / 1000);
    const met = this.#states.filter(({ verdict }) => verdict.kind === "met").length;
    const sign = spinner[seconds % spinner.length];
    const elapsed = formatDuration(seconds * 1000);
    const title = `${sign} ${met} of ${this.#states.length} met, ${elapsed}`;
    return printable([title, ...this.#table(rows - 1)].join("\n"));
  }

  #table(rows: number): string[] {
    const order = ["stuck", "waiting", "met"];
    const states = this.#states.toSorted((a, b) =>
      order.indexOf(a.verdict.kind) - order.indexOf(b.verdict.kind)
    );
    const omitted = states.length > rows - 1 ? states.length - Math.max(0, rows - 2) : 0;
    const shown = states.slice(0, states.length - omitted);
    const [header = "", ...lines] = tableLines(
      ["RESOURCE", "STATE", "REASON"],
      shown.map(({ name, verdict }) => [
        name,
        verdict.kind,
        verdict.kind === "met" ? " " : verdict.reason,
      ]),
    );
    // Each object has its line; those that come first have details too, as far as they fit.
    let free = rows - 1 - lines.length - (omitted > 0 ? 1 : 0);
    const all = lines.flatMap((line, index) => {
      const details = liveDetails(shown[index]).slice(0, Math.max(0, free));
      free -= details.length;
      return [line, ...details];
    });
    const more = omitted > 0 ? [`and ${plural(omitted, "other object")}`] : [];
    return [header, ...all, ...more].slice(0, Math.max(0, rows));
  }
}

function liveDetails(state: WaitState | undefined): string[] {
  const { warning, log } = state ?? {};
  return [
    ...(warning === undefined ? [] : [`  event: ${warning}`]),
    ...(log === undefined ? [] : log.lines.map((line) => `  ${log.container}| ${line}`)),
  ].map((line) => line.replaceAll("\n", " "));
}
