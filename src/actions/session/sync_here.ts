/** The sync of a session on this machine: found, summarized, ended with the session. */
import { KodamaError } from "../../base/errors.ts";
import type { LiveStatus } from "../../session/status.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { allHeldReason, isAllHeld } from "../../sync/engine/status.ts";
import { listSyncs, stopSync, syncStatus } from "../sync/syncs.ts";

/** Which session: another cluster, or an earlier time, may have a session of the same name. */
interface SyncOwner extends Pick<Session, "namespace" | "name"> {
  context: string;
  /** The uid of its state; undefined if that doesn't exist, or can't be read. */
  uid: string | undefined;
}

/** Returns the key of a session's sync, unique on this machine. */
export function syncKey({ namespace, name }: Pick<Session, "namespace" | "name">): string {
  return `${namespace}.${name}`;
}

/** Returns whether a sync under a session's key belongs to that same session. */
export function isSyncOf({ spec }: SyncReport, { context, uid }: SyncOwner): boolean {
  return spec.session === null || uid === undefined
    ? spec.target.context === context
    : spec.session.uid === uid;
}

/** Returns the session's sync on this machine, running or not. */
export async function syncHere(host: Host, owner: SyncOwner): Promise<SyncReport | undefined> {
  const report = await syncStatus(host, syncKey(owner));
  return report !== undefined && isSyncOf(report, owner) ? report : undefined;
}

/** The same for many sessions, looked up at once. */
export async function syncsHere(
  host: Host,
): Promise<(owner: SyncOwner) => SyncReport | undefined> {
  const reports = new Map((await listSyncs(host)).map((report) => [report.spec.key, report]));
  return (owner) => {
    const report = reports.get(syncKey(owner));
    return report !== undefined && isSyncOf(report, owner) ? report : undefined;
  };
}

/** The state of a session's sync on this machine as a keyword. */
export type SyncState = "Active" | "Inactive" | "Error";

/** A session's sync on this machine, as lists and `get` show it. */
export interface SyncSummary {
  state: SyncState;
  /** The local folder; absent if there is no sync on this machine. */
  localPath?: string;
  /** The number of copies of files in conflict. */
  conflicts: number;
  /** Why it is in error. */
  reason?: string;
}

/** Returns the local folder of a running session's sync if its process was killed, for example by a reboot. */
export async function killedSync(
  host: Host,
  { session, target: { context } }: { session: Session; target: { context: string } },
): Promise<string | undefined> {
  const report = await syncHere(host, { ...session, context, uid: undefined });
  return report?.state.phase === "killed" ? report.spec.local : undefined;
}

/** Returns whether a session in this state has, or will have, a pod to be synced with. */
export function mayBeSynced({ status }: Pick<LiveStatus, "status">): boolean {
  return status !== "Stopped" && status !== "Failed";
}

/**
 * Returns the summary of a sync. A sync that waits for its pod is active while the session runs.
 *
 * @param runs whether the session has a pod to be synced with.
 */
export function syncSummary(
  report: SyncReport | undefined,
  { runs }: { runs: boolean },
): SyncSummary {
  if (report === undefined) return { state: "Inactive", conflicts: 0 };
  const { pid, spec: { local: localPath }, state: { phase, problems, reason, conflicts } } = report;
  const known = { localPath, conflicts: conflicts.length };
  if (phase === "killed") return { ...known, state: runs ? "Error" : "Inactive", reason };
  if (pid === null || phase === "paused" || !runs) return { ...known, state: "Inactive" };
  const failed = problems.find(({ kind }) => kind === "failed");
  const all = isAllHeld(report.state) ? allHeldReason : undefined;
  if (phase !== "halted" && failed === undefined && all === undefined) {
    return { ...known, state: "Active" };
  }
  const why = reason || all || failed?.detail || "";
  return { ...known, state: "Error", ...(why === "" ? {} : { reason: why }) };
}

/**
 * Ends the sync on this machine, if any. A sync that doesn't answer isn't waited for: it ends by itself once its pod is
 * gone.
 */
export async function endSync(
  host: Host,
  owner: SyncOwner,
  options: { forget: boolean; signal: AbortSignal },
): Promise<void> {
  if (await syncHere(host, owner) === undefined) return;
  try {
    await stopSync(host, syncKey(owner), options);
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "timeout") throw error;
  }
}
