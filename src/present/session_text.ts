/** Sessions and their snapshots as tables, one by one, and as data. Pure. */
import {
  limitText,
  type PartOrigin,
  type SessionDetails,
  type SessionDocument,
  sessionDocument,
  type SessionRow,
  type StartEvent,
  type SyncSummary,
  type TimeLeft,
  type UnsupportedReason,
} from "../actions/session/events.ts";
import { commandHint } from "./hints.ts";
import { hint } from "../base/hint.ts";
import { plural } from "../base/plural.ts";
import { ageText } from "../base/duration.ts";
import { tableLines } from "../terminal/table.ts";
import { statusLine, type TaskData, taskData } from "./agent_tasks.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { StoredSnapshot } from "../actions/session/snapshots/snapshots.ts";

const header = ["NAME", "STATUS", "NAMESPACE", "SYNC", "AGE"];
const wideHeader = [...["AGENT", "LEFT", "REPO", "BRANCH", "IMAGE", "NODE", "OWNER", "REASON"]];

/** Returns the lines of the table. */
export function sessionsTable(
  rows: readonly SessionRow[],
  { wide, now }: { wide: boolean; now: Date },
): string[] {
  const cells = rows.map((row) => {
    if (row.kind === "unreadable") {
      const own = [row.name, "Unreadable", row.namespace, "", ""];
      return wide ? [...own, ...Array(wideHeader.length - 1).fill(""), row.error.message] : own;
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

/** Returns the cells of a session for a live table: those of the table, and what its agent does now. */
export function sessionCells(row: SessionRow, now: Date): string[] {
  if (row.kind === "unreadable") {
    return [row.name, "Unreadable", row.namespace, "", "", row.error.message];
  }
  const { session: { name, namespace, createdAt }, live, sync, task } = row;
  return [
    name,
    live.status,
    namespace,
    syncCell(sync),
    ageText(now.getTime() - Date.parse(createdAt)),
    task === undefined ? "" : statusLine(task),
  ];
}

function syncCell({ state, conflicts }: SyncSummary): string {
  return conflicts === 0 ? state : `${state}, ${plural(conflicts, "conflict")}`;
}

function wideCells(
  { session, node, task, remaining: left }: Extract<SessionRow, { kind: "session" }>,
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
  task?: TaskData;
  left?: TimeLeft;
};

/** Returns the data of a row; of an unreadable session, its ref and the reason. */
export function sessionData(row: SessionRow): SessionData | Record<string, string> {
  if (row.kind === "unreadable") {
    const { name, namespace, error } = row;
    return { name, namespace, status: "Unreadable", reason: error.message };
  }
  const { session, live, node, sync, task, remaining: left } = row;
  const document = sessionDocument(session);
  return {
    ...document,
    sync: {
      ...document.sync,
      status: sync.state,
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
function remainingText(seconds: number): string {
  return limitText(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60);
}

/** Returns what ends first, for a table: `18m`. Empty if nothing ends. */
function shortestRemaining({ ttlSeconds, idleSeconds }: TimeLeft = {}): string {
  const first = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Number.isFinite(first) ? remainingText(first) : "";
}

/** Returns the known facts, one field per line. */
export function sessionLines(
  details: SessionDetails,
  { now, listConflicts }: {
    now: Date;
    /** Returns how to list the conflicts of a sync. */
    listConflicts: (key: string) => string;
  },
): string[] {
  const { session, live, node, restarts, work, sync, remaining: left, tasks = [] } = details;
  const { name, namespace, owner, repository, spec, environment, createdAt } = session;
  const { cpu, memory } = spec.resources;
  const age = ageText(now.getTime() - Date.parse(createdAt));
  const variables = environment.variables.join(", ");
  const fields: [label: string, text: string | undefined][] = [
    ["Name", name],
    ["Namespace", namespace],
    [
      "Status",
      live.reason === undefined ? live.status : `${live.status}: ${commandHint(live.reason)}`,
    ],
    ["Owner", owner],
    ["Age", age],
    ["Pod", [`kodama-${name}`, node && `on ${node}`].filter(Boolean).join(" ")],
    ["Restarts", restarts === 0 ? undefined : `${restarts}`],
    ["Image", spec.image],
    ["Limits", `cpu ${cpu}, memory ${memory}`],
    ["Time to live", lifeText(spec.limits.ttlSeconds, left?.ttlSeconds)],
    ["Idle stop", idleText(spec.limits.idleSeconds, left)],
    ["Storage", `workspace ${spec.storage.workspace}, agent's home ${spec.storage.claudeHome}`],
    ["Egress", spec.egress && `only ${spec.egress.map(egressText).join(", ")}`],
    ["Template", session.template],
    ["Repository", repository?.url],
    ["Branch", branchText(work?.branch ?? repository?.branch, repository?.baseBranch)],
    ["Base commit", repository?.commitHash?.slice(0, 12)],
    ["Commits", work && workText(work)],
    ["Sync", syncText(session, sync, listConflicts)],
    ["Variables", variables === "" ? undefined : variables],
    ["Git token", environment.gitToken ? "in the session's secret" : undefined],
  ];
  const shown = fields.filter(([, text]) => text !== undefined && text !== "");
  const width = Math.max(...shown.map(([label]) => label.length)) + 2;
  const lines = shown.map(([label, text = ""]) => `${`${label}:`.padEnd(width)} ${text}`);
  const latest = (work?.latest ?? []).map(({ hash, subject }) => `  ${hash} ${subject}`);
  const agent = tasks.length === 0
    ? []
    : ["Agent:", ...tasks.map((task) => `  ${statusLine(task)}`)];
  return [...lines, ...latest, ...agent].map(printable);
}

/** In the format of the settings: `10.0.0.0/8:443,53/udp`. */
function egressText(
  { cidr, ports = [], udpPorts = [] }: NonNullable<
    SessionDetails["session"]["spec"]["egress"]
  >[number],
): string {
  const listed = [...ports.map(String), ...udpPorts.map((port) => `${port}/udp`)].join(",");
  if (listed === "") return cidr;
  return `${cidr.includes(":") ? `[${cidr}]` : cidr}:${listed}`;
}

/** `8h, 7h12m left`. */
function lifeText(seconds: number | undefined, left: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const all = limitText(seconds);
  return left === undefined ? all : `${all}, ${remainingText(left)} left`;
}

/** `after 30m; in use: task 2 of its agent`, `after 30m; not in use, 18m left`. */
function idleText(seconds: number | undefined, left: TimeLeft | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const all = `after ${limitText(seconds)}`;
  if (left?.idleSeconds === undefined) return all;
  return left.use === undefined
    ? `${all}; not in use, ${remainingText(left.idleSeconds)} left`
    : `${all}; in use: ${left.use}`;
}

/** The local folder; if there is none, that of the machine which synced it last. */
function syncText(
  { name, namespace, sync: { enabled, localPath: elsewhere } }: SessionDetails["session"],
  { state: word, localPath, conflicts, reason }: SessionDetails["sync"],
  listConflicts: (key: string) => string,
): string {
  const folder = localPath !== undefined
    ? ` with ${localPath}`
    : enabled && elsewhere !== undefined
    ? ` here (it was ${elsewhere})`
    : "";
  const copies = conflicts === 0
    ? ""
    : `; ${plural(conflicts, "conflict")}: ${listConflicts(`${namespace}.${name}`)}`;
  return `${word}${folder}${reason === undefined ? "" : `: ${reason}`}${copies}`;
}

function branchText(branch: string | undefined, base: string | undefined): string | undefined {
  if (branch === undefined || base === undefined || base === branch) return branch;
  return `${branch} (from ${base})`;
}

function workText({ commits, uncommitted }: NonNullable<SessionDetails["work"]>): string {
  const open = uncommitted === 0 ? "" : `, ${plural(uncommitted, "file")} not committed`;
  return `${commits} since${open}`;
}

/* What a session takes from a `devcontainer.json`, as lines. Pure. */

const reasons: Readonly<Record<UnsupportedReason, string>> = {
  usersMachine: "nothing of it runs on, or mounts, your machine",
  privileges: "a session's pod has no privileges",
  feature:
    "features are installed as root into an image: build one with it, and name it by --image",
  volumes: "a session has its own volumes",
  workspaceFolder: "the workspace is /workspace",
  user: "a session's user has the id 1000",
  imageVariables: "it depends on the image's own variables, which are known only in the pod",
  protectedVariable: "the system, the cluster or kodama sets it",
  localVariable: "variables of your machine are sent only by --env-file",
  otherImage: "another image is chosen",
  ports: "only ports of the session itself are used, and only their numbers",
  gpu: "settings name GPUs as extended resources",
  form: "its value has an unknown form",
  unknown: "sessions have nothing like it",
};

/** Returns a line for each part of a new session, with who has set it. */
export function definedLines(
  { parts, beyond }: Extract<StartEvent, { kind: "defined" }>,
  style: Style,
): string[] {
  const absent = { image: "none", containers: "", egress: "any address" };
  return [
    ...parts.flatMap(({ name, texts, origin }) => {
      const text = texts.length === 0 ? absent[name] : texts.join(", ");
      return text === ""
        ? []
        : [`${printable(`${name}: ${text}`)}${style.dim(printable(originSuffix(origin)))}`];
    }),
    ...beyond.map((text) =>
      `${style.yellow("warning:")} ${
        printable(`your own settings go beyond the restricted standard: ${text}`)
      }`
    ),
  ];
}

function originSuffix(origin: PartOrigin): string {
  switch (origin.kind) {
    case "option":
      return ` (${commandHint(hint`${origin}`)})`;
    case "environment":
      return ` ($${origin.variable})`;
    case "template":
    case "repository":
    case "user":
    case "devContainer":
      return ` (${origin.path})`;
    case "default":
      return "";
  }
}

/** Returns a line for the file, and one for each reason for which properties have no effect. */
export function devContainerLines(
  { path, honoured, unsupported }: Extract<StartEvent, { kind: "devContainer" }>["report"],
  style: Style,
): string[] {
  const used = honoured.length === 0 ? "nothing" : honoured.join(", ");
  const byReason = Map.groupBy(unsupported, ({ reason }) => reason);
  return [
    printable(`${path}: ${used}`),
    ...[...byReason].map(([reason, all]) => {
      const properties = all.map(({ property }) => property).join(", ");
      return `${style.yellow("warning:")} ${
        printable(`${path}: not supported: ${properties}: ${reasons[reason]}`)
      }`;
    }),
  ];
}

/* Snapshots of the cluster as a table, as data, and as notes. Pure. */

const snapshotHeader = ["NAME", "SESSION", "STATUS", "SIZE", "AGE"];

/** Returns the lines of the table; with the namespace in front if there are several. */
export function snapshotsTable(
  snapshots: readonly StoredSnapshot[],
  { namespaces, now }: { namespaces: boolean; now: Date },
): string[] {
  const rows = snapshots.map((snapshot) => {
    const { name, namespace, session, state, takenAt, volumes } = snapshot;
    const sizes = volumes.map(({ size }) => size ?? "?").join("+");
    const age = takenAt === "" ? "" : ageText(now.getTime() - Date.parse(takenAt));
    const own = [name, session, state, sizes, age];
    return namespaces ? [namespace, ...own] : own;
  });
  return tableLines(namespaces ? ["NAMESPACE", ...snapshotHeader] : snapshotHeader, rows);
}

/** A snapshot as data. */
export function snapshotData(snapshot: StoredSnapshot) {
  const { name, namespace, session, takenAt, state, volumes } = snapshot;
  return {
    name,
    namespace,
    session,
    takenAt,
    status: state,
    volumes: volumes.map(({ part, name, ready, size, className, error }) => ({
      part,
      volumeSnapshot: name,
      readyToUse: ready,
      ...(size === undefined ? {} : { size }),
      ...(className === undefined ? {} : { class: className }),
      ...(error === undefined ? {} : { error: error.message }),
    })),
  };
}

/** Returns the note on a snapshot that was taken. */
export function takenLines({ volumes }: StoredSnapshot): string[] {
  const sizes = volumes.map(({ name, size }) => size === undefined ? name : `${name} (${size})`);
  return [
    `saved: ${sizes.join(", ")}`,
    "it includes the agent's login: anyone who can create volumes from snapshots in this namespace can read it",
  ];
}
