/** Past runs as tables and as data. */
import type { ListedRun, PastRun, RecordedTarget } from "../actions/runs/past_runs.ts";
import { plural } from "../base/plural.ts";
import { commandLine } from "../base/shell_quote.ts";
import { runAge, runScopeColumns, scopeFacts, workflowRow } from "./past_workflow.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import { formatDuration } from "../base/duration.ts";

/** Maximum columns of a command in a list. */
const commandWidth = 40;

/** Formats the runs as a table, the newest first. */
export function runsTable(runs: readonly ListedRun[], now: Date): string[] {
  const rows = runs.map((listed) => {
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
  });
  return tableLines(["RUN", "AGE", "CONTEXT", "NAMESPACE", "COMMAND", "PODS", "RESULT"], rows);
}

/** Describes what is about to be repeated, with its scope. */
export function rerunLine({ header }: PastRun, targets: readonly RecordedTarget[]): string {
  const [context, namespace] = runScopeColumns(targets.map(({ target }) => target));
  return `rerun of ${header.id}: ${commandText(header)} in ${plural(targets.length, "pod")} of ` +
    `${namespace} (context ${context})`;
}

/** Formats a run, and how each of its targets ended. */
export function runLines(run: PastRun): string[] {
  const { header, targets, end } = run;
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
  return [
    ...facts.map(([name, fact]) => `${name.padEnd(width)}   ${oneLine(fact)}`),
    "",
    ...tableLines(["POD", "OUTCOME", "EXIT", "TIME", "REASON"], rows),
  ];
}

/** The same as data. */
export function runData({ header, targets, end }: PastRun): Record<string, unknown> {
  const { event: _event, version: _version, ...request } = header;
  return {
    ...request,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    counts: end?.counts ?? null,
    targets: targets.map(({ target, name, end }) => ({
      ...target,
      name,
      outcome: end?.outcome ?? null,
      exitCode: end?.exitCode ?? null,
      signal: end?.signal ?? null,
      durationMs: end?.durationMs ?? null,
      error: end?.error ?? null,
    })),
  };
}

/** `47 ok, 2 failed in 12s`; if the end of the run isn't recorded, the outcomes so far. */
function resultText({ targets, end }: PastRun): string {
  const counts = new Map<string, number>();
  for (const { end } of targets) {
    const outcome = end?.outcome ?? "not known";
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
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

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
