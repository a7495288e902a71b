/** Runs and schedules in the cluster: as rows, as data, and as the lines of one that is followed. */
import type { ClusterRun, ClusterRunEvent, Schedule } from "../actions/cluster_run/runs.ts";
import { endData } from "../actions/runs/past_runs.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonLine } from "./json.ts";
import { runAge, workflowRunData, workflowRunLines } from "./past_runs.ts";
import { tableLines } from "../terminal/table.ts";
import { stepText } from "./summary.ts";

/** Returns a list of runs. */
export function clusterRunLines(runs: readonly ClusterRun[], now: Date): string[] {
  const rows = runs.map((one) => [
    one.id,
    runAge(one.createdAt.toISOString(), now),
    one.namespace,
    one.schedule ?? "",
    one.workflow,
    String(one.shards),
    podCount(one),
    resultText(one),
  ]);
  const head = ["RUN", "AGE", "NAMESPACE", "SCHEDULE", "WORKFLOW", "SHARDS", "PODS", "RESULT"];
  return tableLines(head, rows.map((row) => row.map(printable)));
}

function podCount({ run }: ClusterRun): string {
  const names = run?.steps.flatMap(({ targets }) => [...targets.keys()]) ?? [];
  return String(new Set(names).size);
}

/** `running: 12 pods ended`, `failed: …`. */
function resultText(one: ClusterRun): string {
  const { run, state, unreadable, obstacle } = one;
  if (unreadable !== undefined) return unreadable.message;
  if (state === "waiting") return "not started";
  const end = run?.end?.outcome;
  const text = state !== "ended" ? state : end === undefined ? "no record" : stepText(endData(end));
  return obstacle === undefined ? text : `${text}: ${obstacle}`;
}

/** Returns one run: its steps, and where it is. */
export function clusterRunDetails(one: ClusterRun): string[] {
  const facts = [
    ["job", `${one.namespace}/${one.job}`],
    ["state", one.state],
    ...(one.obstacle === undefined ? [] : [["obstacle", one.obstacle]]),
    ["shards", String(one.shards)],
    ...(one.schedule === undefined ? [] : [["schedule", one.schedule]]),
  ].map(([name = "", value = ""]) => printable(`${name.padEnd(10)} ${value}`));
  if (one.run === undefined) return [`run        ${one.id}`, ...facts];
  return [...facts, ...workflowRunLines(one.run)];
}

/** Returns the same as data. */
export function clusterRunData(
  one: ClusterRun,
  options: { withOutputs?: boolean } = {},
): Record<string, unknown> {
  const { run, createdAt, unreadable, ...facts } = one;
  return {
    ...facts,
    schedule: facts.schedule ?? null,
    createdAt: createdAt.toISOString(),
    run: run === undefined ? null : workflowRunData(run, options),
    ...(unreadable === undefined ? {} : { unreadable: unreadable.message }),
  };
}

/** Returns a list of schedules. */
export function scheduleLines(schedules: readonly Schedule[], now: Date): string[] {
  const rows = schedules.map((one) => [
    one.name,
    one.namespace,
    one.workflow,
    one.timeZone === undefined ? one.cron : `${one.cron} (${one.timeZone})`,
    one.lastAt === undefined ? "never" : runAge(one.lastAt.toISOString(), now),
    String(one.running),
    scheduleState(one, now),
  ]);
  return tableLines(
    ["NAME", "NAMESPACE", "WORKFLOW", "CRON", "LAST", "RUNNING", "STATE"],
    rows.map((row) => row.map(printable)),
  );
}

function scheduleState({ suspended, missed, obstacle }: Schedule, now: Date): string {
  const texts = [
    ...(suspended ? ["suspended"] : []),
    ...(missed === undefined
      ? []
      : [`${plural(missed.count, "run")} missed in ${runAge(missed.since.toISOString(), now)}`]),
    ...(obstacle === undefined ? [] : [obstacle]),
  ];
  return texts.length === 0 ? "ok" : texts.join("; ");
}

/** How a run is shown. */
interface ClusterRunView {
  format: "text" | "jsonl";
  quiet: boolean;
  /** The command that stops the run. */
  stopLine: string;
  style: { stdout: Style; stderr: Style };
}

/** Formats a run that is followed. Everything in its records is text of others. */
export class ClusterRunPainter {
  #isInterrupted = false;

  constructor(private readonly view: ClusterRunView) {}

  /** Returns what to write for an event. */
  paint(event: ClusterRunEvent): readonly Piece[] {
    if (this.view.format === "jsonl") {
      const data = event.kind === "ended"
        ? { kind: "ended", run: clusterRunData(event.run) }
        : event;
      return [{ stream: "stdout", data: [jsonLine(data)] }];
    }
    switch (event.kind) {
      case "interrupted": {
        if (this.#isInterrupted) return [];
        this.#isInterrupted = true;
        return this.#note(`${printable(event.error.message)}; the run continues`);
      }
      case "heldUp":
        return event.obstacle === undefined ? [] : this.#note(
          `waiting: ${printable(event.obstacle)}\nto give it up: ${this.view.stopLine}`,
        );
      case "ended":
        return clusterRunDetails(event.run).map((line) => ({
          stream: "stdout",
          data: [`${line}\n`],
        }));
      case "recorded":
        this.#isInterrupted = false;
        return this.#recorded(event.shard, event.event);
    }
  }

  #recorded(shard: number, event: Readonly<Record<string, unknown>>): readonly Piece[] {
    const { step, name, outcome, durationMs } = event;
    const time = typeof durationMs === "number" ? `, ${formatDuration(durationMs)}` : "";
    const line = `${this.view.style.stderr.bold(text(step))}  `;
    switch (event.event) {
      case "targetEnded":
        return this.#note(`${line}${text(name)}  ${text(outcome)}${time}`);
      case "stepEnded":
        return this.#note(`${line}${text(outcome)} in shard ${shard}${time}`);
      default:
        return [];
    }
  }

  #note(line: string): readonly Piece[] {
    return this.view.quiet ? [] : [{ stream: "stderr", data: [`${line}\n`] }];
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? printable(value).replaceAll("\n", " ") : "";
}
