/** Sessions as a table, and as data. Pure. */
import { commandHint } from "./hints.ts";
import {
  limitText,
  type SessionDocument,
  sessionDocument,
  type SessionRow,
  type SyncSummary,
  type TimeLeft,
} from "../actions/session/events.ts";
import { plural } from "../base/plural.ts";
import { ageText } from "../base/age.ts";
import { tableLines } from "../terminal/table.ts";
import { taskData } from "./agent_tasks.ts";

const header = ["NAME", "STATUS", "NAMESPACE", "SYNC", "AGE"];
const wideHeader = ["AGENT", "LEFT", "REPO", "BRANCH", "IMAGE", "NODE", "OWNER", "REASON"];

/** Returns the lines of the table. */
export function sessionsTable(
  rows: readonly SessionRow[],
  { wide, now }: { wide: boolean; now: Date },
): string[] {
  const cells = rows.map((row) => {
    if (row.kind === "unreadable") {
      const own = [row.name, "Unreadable", row.namespace, "", ""];
      return wide ? [...own, ...["", "", "", "", "", "", ""], row.error.message] : own;
    }
    const { session, live, sync } = row;
    const { name, namespace, createdAt } = session;
    const age = ageText(now.getTime() - Date.parse(createdAt));
    const own = [name, live.status, namespace, syncCell(sync), age];
    return wide
      ? [...own, ...wideCells(row), live.reason === undefined ? "" : commandHint(live.reason)]
      : own;
  });
  return tableLines(wide ? [...header, ...wideHeader] : header, cells);
}

function syncCell({ word, conflicts }: SyncSummary): string {
  return conflicts === 0 ? word : `${word}, ${plural(conflicts, "conflict")}`;
}

function wideCells(
  { session, node, task, left }: Extract<SessionRow, { kind: "session" }>,
): string[] {
  const { repository, spec, owner } = session;
  const agent = task === undefined ? "" : `${task.status.state} (task ${task.number})`;
  const repo = repository?.url.replace(/^https:\/\//, "") ?? "";
  return [
    agent,
    shortestRemaining(left),
    repo,
    repository?.branch ?? "",
    spec.image,
    node,
    owner ?? "",
  ];
}

/** A session as data: its document, with its current state. */
export type SessionData = SessionDocument & {
  sync: SessionDocument["sync"] & { status: string; conflicts: number; reason?: string };
  reason?: string;
  node?: string;
  /** Its current task, as in `agent list`; absent if there is none, or its pod is unreachable. */
  task?: Record<string, unknown>;
  left?: TimeLeft;
};

/** Returns the data of a row; of an unreadable session, its ref and the reason. */
export function sessionData(row: SessionRow): SessionData | Record<string, string> {
  if (row.kind === "unreadable") {
    const { name, namespace, error } = row;
    return { name, namespace, status: "Unreadable", reason: error.message };
  }
  const { session, live, node, sync, task, left } = row;
  const document = sessionDocument(session);
  return {
    ...document,
    sync: {
      ...document.sync,
      status: sync.word,
      conflicts: sync.conflicts,
      ...(sync.reason === undefined ? {} : { reason: sync.reason }),
    },
    status: live.status,
    ...(live.reason === undefined ? {} : { reason: commandHint(live.reason) }),
    ...(node === "" ? {} : { node }),
    ...(task === undefined ? {} : { task: taskData(task) }),
    ...(left === undefined ? {} : { left }),
  };
}

/* The remaining time of a session as text. Pure. */

/** `7h12m`, `18m`, and seconds only in the last minute. */
export function remainingText(seconds: number): string {
  return limitText(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60);
}

/** Returns what ends first, for a table: `18m`. Empty if nothing ends. */
function shortestRemaining({ ttlSeconds, idleSeconds }: TimeLeft = {}): string {
  const first = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Number.isFinite(first) ? remainingText(first) : "";
}
