/** Past runs of workflows with steps, as tables and as data. */
import type { PastStep, PastWorkflow } from "../actions/runs/past_runs.ts";
import { formatDuration } from "../base/duration.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import { ageText } from "../base/age.ts";

/** A run in a list: id, age, context, namespace, command, pods, result. */
export function workflowRow(run: PastWorkflow, now: Date): string[] {
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
  const reason = outcome !== undefined && "reason" in outcome ? outcome.reason : title;
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
  const { outcome } = end;
  return "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
}

/** The same as data. */
export function workflowRunData({ header, steps, end }: PastWorkflow): Record<string, unknown> {
  const { event: _event, version: _version, ...request } = header;
  return {
    ...request,
    outcome: end?.outcome.kind ?? null,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    outputs: end?.outputs ?? null,
    steps: steps.map(({ key, title, end, targets }) => ({
      step: key,
      title,
      outcome: end?.outcome.kind ?? null,
      durationMs: end?.durationMs ?? null,
      targets: [...targets.values()].map(({ name, outcome, durationMs }) => ({
        name,
        ...outcome,
        kind: undefined,
        outcome: outcome.kind,
        durationMs,
      })),
    })),
  };
}

/* Time and scope of past runs, as columns and facts. */

/** In kubectl's format: `5m`, `3d`. */
export function runAge(at: string, now: Date): string {
  return ageText(now.getTime() - Date.parse(at));
}

/** Contexts and namespaces, the first of each with the number of the others. */
export function runScopeColumns(
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
export function scopeFacts(
  targets: readonly { context: string; namespace: string }[],
): [name: string, value: string][] {
  if (targets.length === 0) return [];
  const names = (part: "context" | "namespace") =>
    [...new Set(targets.map((target) => target[part]))].join(", ");
  return [["context", names("context")], ["namespace", names("namespace")]];
}
