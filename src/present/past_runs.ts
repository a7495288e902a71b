/** Past runs, of commands and of workflows, as tables and as data. */
import {
  endData,
  type FoundRun,
  type ListedRun,
  type PastRun,
  type PastStep,
  type PastTarget,
  type PastWorkflow,
  type RecordedTarget,
  sectionsOf,
  stepError,
} from "../actions/runs/past_runs.ts";
import { oneLine } from "./change_question.ts";
import { stepText } from "./summary.ts";
import { plural } from "../base/plural.ts";
import { commandLine } from "../base/shell_quote.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import { ageText, formatDuration } from "../base/duration.ts";

/** Maximum columns of a command in a list. */
const commandWidth = 40;

/** Formats the runs as a table, the newest first. */
export function runsTable(runs: readonly ListedRun[], now: Date): string[] {
  const rows = runs.map((listed) => runCells(listed, now));
  return tableLines(["RUN", "AGE", "CONTEXT", "NAMESPACE", "COMMAND", "PODS", "RESULT"], rows);
}

/** Returns the cells of a run in that table. */
export function runCells(listed: ListedRun, now: Date): string[] {
  if (listed.kind === "unreadable") {
    return [listed.id, "", "", "", "", "", printable(listed.error.message)];
  }
  if (listed.kind === "workflow") return workflowRow(listed.run, now);
  const { header, targets } = listed.run;
  return [
    header.id,
    runAge(header.at, now),
    ...runScopeColumns(targets.map(({ target }) => target)),
    cut(commandText(header)),
    String(targets.length),
    resultText(listed.run),
  ];
}

/** Describes the targets that are about to be repeated, with their scope. */
export function rerunLine({ header }: PastRun, targets: readonly RecordedTarget[]): string {
  const [context, namespace] = runScopeColumns(targets.map(({ target }) => target));
  return `rerun of ${header.id}: ${commandText(header)} in ${plural(targets.length, "pod")} of ` +
    `${namespace} (context ${context})`;
}

/** Formats a run, and how each of its targets ended. */
export function runLines(run: PastRun): string[] {
  const { header, targets, notRun, end } = run;
  const facts: [string, string][] = [
    ["run", header.id],
    ["command", quotedCommand(header)],
    ...scopeFacts(targets.map(({ target }) => target)),
    ...(header.workflow === null ? [] : [["workflow", header.workflow] as [string, string]]),
    ...(header.rerunOf === null ? [] : [["again", header.rerunOf] as [string, string]]),
    ["started", header.at],
    ["result", resultText(run)],
    ...(end === undefined ? [] : [["exit code", String(end.exitCode)] as [string, string]]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const rows = targets.map(({ name, end }) => [
    name,
    end?.outcome ?? "not known",
    end === undefined || end.exitCode === null ? "" : String(end.exitCode),
    end === undefined ? "" : formatDuration(end.durationMs),
    end?.error ?? end?.signal ?? "",
  ]);
  const others = notRun.map(({ pod, reason }) => [pod, "not run", "", "", reason]);
  return [
    ...facts.map(([name, fact]) => `${name.padEnd(width)}   ${oneLine(fact)}`),
    "",
    ...tableLines(["POD", "OUTCOME", "EXIT", "TIME", "REASON"], [...rows, ...others]),
  ];
}

/** What of a run is data. */
interface RunDataOptions {
  /** Also what each pod wrote, as far as it is recorded: large. */
  withOutputs?: boolean;
}

/** A run of one command as data. */
export type RunData = ReturnType<typeof runData>;

/** The same as data. */
export function runData(run: PastRun, options: RunDataOptions = {}) {
  const { header, notRun, end } = run;
  const { event: _event, version: _version, ...request } = header;
  return {
    ...request,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    counts: end?.counts ?? null,
    targets: sectionsOf({ kind: "run", run }).flatMap(({ targets }) =>
      targets.map((one) => ({ ...one.target, ...targetData(one, options) }))
    ),
    notRun,
  };
}

/** Returns a run with what its pods wrote, as the reducer of runs reads it. */
export function recordedData(found: FoundRun) {
  const options = { withOutputs: true };
  return found.kind === "run" ? runData(found.run, options) : workflowRunData(found.run, options);
}

/** How a pod ended, and what it wrote; `null` if that isn't recorded. */
function targetData(
  { name, outcome, exitCode, signal, durationMs, error, output }: PastTarget,
  { withOutputs = false }: RunDataOptions,
) {
  return {
    ...{ name, outcome, exitCode, signal, durationMs, error },
    ...(withOutputs
      ? {
        stdout: output?.stdout ?? null,
        stderr: output?.stderr ?? null,
        omittedBytes: output?.omittedBytes ?? null,
        outputId: output?.id ?? null,
      }
      : {}),
  };
}

/** `47 ok, 2 failed in 12s`; if the end of the run isn't recorded, the outcomes so far. */
function resultText({ targets, notRun, end }: PastRun): string {
  const counts = new Map<string, number>();
  for (const { end } of targets) {
    const outcome = end?.outcome ?? "not known";
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  if (notRun.length > 0) counts.set("not run", notRun.length);
  const parts = [...counts].sort(([a], [b]) => rank(a) - rank(b)).map(([kind, number]) =>
    `${number} ${kind}`
  );
  const text = parts.length === 0 ? "no pods" : parts.join(", ");
  return end === undefined ? `not ended: ${text}` : `${text} in ${formatDuration(end.durationMs)}`;
}

/** Successes first, then failures. */
function rank(outcome: string): number {
  return outcome === "ok" ? 0 : 1;
}

function commandText(header: PastRun["header"]): string {
  const { workflow } = header;
  const command = quotedCommand(header);
  return oneLine(workflow === null ? command : `${workflow}: ${command}`);
}

/** Quotes args as a shell requires; a line of shell stays as it is. */
function quotedCommand({ command, shell }: PastRun["header"]): string {
  return shell ? command.join(" ") : commandLine(command);
}

function cut(text: string): string {
  return text.length <= commandWidth ? text : `${text.slice(0, commandWidth - 1)}…`;
}

/** A run in a list: id, age, context, namespace, command, pods, result. */
function workflowRow(run: PastWorkflow, now: Date): string[] {
  const { header, steps } = run;
  const pods = new Set(
    steps.flatMap(({ targets }) =>
      [...targets].flatMap(([name, { target }]) => target.pod === "*" ? [] : [name])
    ),
  ).size;
  return [
    header.id,
    runAge(header.at, now),
    ...runScopeColumns(run.scopes),
    `workflow ${header.workflow}`,
    String(pods),
    resultOf(run),
  ];
}

/** Formats a run, its steps, and how the pods of each ended. */
export function workflowRunLines(run: PastWorkflow): string[] {
  const { header, steps, end } = run;
  const params = Object.entries(header.params)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const facts: [string, string][] = [
    ["run", header.id],
    ["workflow", `${header.workflow}  ${header.path}`],
    ...(params.length === 0 ? [] : [["params", params.join(" ")] as [string, string]]),
    ...(header.secrets.length === 0
      ? []
      : [["secrets", header.secrets.join(" ")] as [string, string]]),
    ...(header.rerunOf === null ? [] : [["resumes", header.rerunOf] as [string, string]]),
    ...scopeFacts(run.scopes),
    ["started", header.at],
    ["result", resultOf(run)],
    ...(end === undefined ? [] : [["exit code", String(end.exitCode)] as [string, string]]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    ...facts.map(([name, fact]) => `${name.padEnd(width)}   ${printable(fact)}`),
    "",
    ...tableLines(["STEP", "OUTCOME", "PODS", "TIME", "WHAT"], steps.map(stepRow)),
  ];
}

function stepRow({ key, title, end, targets }: PastStep): string[] {
  // An unreachable context isn't counted as a pod.
  const all = [...targets.values()].filter(({ target }) => target.pod !== "*");
  const good = all.filter(({ outcome }) => outcome.kind === "ok").length;
  const outcome = end?.outcome;
  const reason = outcome === undefined ? title : stepError(outcome) ?? title;
  return [
    key,
    outcome?.kind ?? "not ended",
    all.length === 0 ? "" : `${good}/${all.length}`,
    end === undefined ? "" : formatDuration(end.durationMs),
    reason.replace(/\s+/g, " ").slice(0, 100),
  ];
}

function resultOf({ steps, end }: PastWorkflow): string {
  if (end === undefined) {
    const ended = steps.filter((step) => step.end !== undefined).length;
    return `not ended: ${ended} of ${steps.length} started steps have ended`;
  }
  return stepText(endData(end.outcome));
}

/** A run of a workflow with steps as data. */
export type WorkflowRunData = ReturnType<typeof workflowRunData>;

/** The same as data. */
export function workflowRunData(run: PastWorkflow, options: RunDataOptions = {}) {
  const { header, end } = run;
  const { event: _event, version: _version, ...request } = header;
  return {
    ...request,
    outcome: end?.outcome.kind ?? null,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    outputs: end?.outputs ?? null,
    steps: sectionsOf({ kind: "workflow", run }).map((
      { key, title, outcome, error, durationMs, targets },
    ) => ({
      ...{ step: key, title, outcome, error, durationMs },
      targets: targets.map((one) => targetData(one, options)),
    })),
  };
}

/* Time and scope of past runs, as columns and facts. */

/** In kubectl's format: `5m`, `3d`. */
export function runAge(at: string, now: Date): string {
  return ageText(now.getTime() - Date.parse(at));
}

/** Contexts and namespaces, the first of each with the number of the others. */
function runScopeColumns(
  targets: readonly { context: string; namespace: string }[],
): [context: string, namespace: string] {
  const column = (names: readonly string[]) => {
    const [first = "", ...others] = [...new Set(names)];
    return others.length === 0 ? printable(first) : `${printable(first)} +${others.length}`;
  };
  return [
    column(targets.map(({ context }) => context)),
    column(targets.map(({ namespace }) => namespace)),
  ];
}

/** Context and namespace as facts of a run. */
function scopeFacts(
  targets: readonly { context: string; namespace: string }[],
): [name: string, value: string][] {
  if (targets.length === 0) return [];
  const names = (part: "context" | "namespace") =>
    [...new Set(targets.map((target) => target[part]))].join(", ");
  return [["context", names("context")], ["namespace", names("namespace")]];
}
