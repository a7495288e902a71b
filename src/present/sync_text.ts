/** Synchronisations as lines, and as data. */
import type { SyncReport } from "../actions/sync/syncs.ts";
import { isAllHeld, mergeText, recentMerge } from "../actions/sync/syncs.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";

/** Text for each phase of a sync. */
const phaseWords: Readonly<Record<SyncReport["state"]["phase"], string>> = {
  connecting: "connecting",
  scanning: "scanning",
  syncing: "syncing",
  watching: "in sync",
  paused: "paused",
  waiting: "waiting",
  halted: "halted",
  killed: "stopped",
  stopped: "stopped",
};

/** Returns the state as words: in sync only if everything is. */
function stateWords(state: SyncReport["state"]): string {
  if (state.phase !== "watching" || state.problemCount === 0) return phaseWords[state.phase];
  return isAllHeld(state) ? "held" : `in sync, ${plural(state.problemCount, "path")} held`;
}

/** Returns a sync as published data: times in RFC 3339. */
export function syncData({ spec, pid, state, log }: SyncReport) {
  const { sinceMs, alikeSinceMs, merged, history, ...rest } = state;
  return {
    ...spec,
    pid,
    ...rest,
    since: new Date(sinceMs).toISOString(),
    alikeSince: alikeSinceMs === null ? null : new Date(alikeSinceMs).toISOString(),
    merged: merged && { at: new Date(merged.atMs).toISOString(), why: merged.why },
    history: history.map(({ atMs, ...change }) => ({
      at: new Date(atMs).toISOString(),
      ...change,
    })),
    log,
  };
}

/** Returns one line for each. */
export function syncTable(reports: readonly SyncReport[], nowMs: number): string[] {
  const rows = reports.map(({ spec, state }) => [
    spec.key,
    `${stateWords(state)}${recentMerge(state, nowMs) === undefined ? "" : ", merged"}`,
    spec.mode,
    spec.local,
    `${spec.target.pod}:${spec.remotePath}`,
    String(state.conflicts.length),
  ]);
  const header = ["NAME", "STATE", "MODE", "HERE", "IN THE POD", "CONFLICTS"];
  return tableLines(header, rows.map((row) => row.map(printable)));
}

/** Number of recent changes in the status. */
const shownChanges = 10;
const shownProblems = 10;

/** Returns all details of one. */
export function syncLines(
  report: SyncReport,
  { nowMs, listConflicts }: {
    nowMs: number;
    /** Returns how to list the conflicts of a sync. */
    listConflicts: (key: string) => string;
  },
): string[] {
  const { spec, state, pid } = report;
  const { target } = spec;
  const pod = `${target.namespace}/${target.pod}`;
  const watched = [state.watched.local, state.watched.remote].filter((one) => one !== "");
  const lines = [
    `${spec.key}: ${stateWords(state)}${state.reason === "" ? "" : ` (${state.reason})`}`,
    `  here        ${spec.local}`,
    `  in the pod  ${pod}:${spec.remotePath} (container ${target.container}, context ${target.context})`,
    `  mode        ${spec.mode}`,
    `  contents    ${entriesText(state.entries.local)} here, ${state.entries.remote} in the pod`,
    ...progressLine(report),
    ...(state.alikeSinceMs === null
      ? []
      : [`  in sync     ${agoText(nowMs - state.alikeSinceMs)}`]),
    ...(pid === null ? [] : [`  process     ${pid}`]),
    ...(watched.length === 2 && pid !== null
      ? [`  watched by  ${watched[0]} here, ${watched[1]} in the pod`]
      : []),
  ];
  if (state.merged !== null) {
    lines.push(
      `  merged      ${agoText(nowMs - state.merged.atMs)}: ${mergeText(state.merged, state.mode)}`,
    );
  }
  if (state.conflicts.length > 0) {
    const hint = listConflicts(spec.key);
    lines.push(`  conflicts   ${plural(state.conflicts.length, "file")} saved beside: ${hint}`);
  }
  if (state.problemCount > 0) {
    lines.push("", `Not synchronised (${state.problemCount}):`);
    for (const { path, kind, side, detail } of state.problems.slice(0, shownProblems)) {
      const where = side === undefined ? "" : side === "local" ? " here" : " in the pod";
      lines.push(
        `  ${path === "" ? "everything" : path}: ${kind}${where}${
          detail === undefined ? "" : ` (${detail})`
        }`,
      );
    }
  }
  if (state.history.length > 0) {
    lines.push("", "Last changes:");
    for (const { atMs, side, what, path } of state.history.slice(-shownChanges)) {
      const to = side === "local" ? "here" : "in the pod";
      lines.push(`  ${agoText(nowMs - atMs)}: ${what} ${to}: ${path}`);
    }
  }
  // A name may contain a line break, but is printed on one line.
  return lines.map((line) => printable(line.replaceAll("\n", "\\n")));
}

function progressLine({ state: { phase, progress } }: SyncReport): string[] {
  return phase === "syncing" ? [`  progress    ${syncProgressText(progress)}`] : [];
}

/** Returns a line about a merge of the last day; no line if there was none. */
export function mergeLine(state: SyncReport["state"], nowMs: number): string[] {
  const merged = recentMerge(state, nowMs);
  return merged === undefined
    ? []
    : [`${agoText(nowMs - merged.atMs)}, ${mergeText(merged, state.mode)}`];
}

/** Formats the files, links and folders of a side. */
export function entriesText(count: number): string {
  return plural(count, "entry", "entries");
}

/** Formats the progress of a transfer. */
export function syncProgressText(
  { done, total, bytes, totalBytes }: SyncReport["state"]["progress"],
): string {
  const mib = (count: number) => (count / 1024 / 1024).toFixed(1);
  return `${done} of ${total}, ${mib(bytes)} of ${mib(totalBytes)} MiB`;
}

/** Returns how far a sync is from its end. */
export function syncingText({ state: { phase, progress, reason } }: SyncReport): string {
  if (phase === "syncing") return syncProgressText(progress);
  return reason === "" ? phaseWords[phase] : `${phaseWords[phase]} (${reason})`;
}

function agoText(ms: number): string {
  return ms < 1000 ? "just now" : `${formatDuration(Math.floor(ms / 1000) * 1000)} ago`;
}
