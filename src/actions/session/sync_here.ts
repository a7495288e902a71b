/** The sync of a session on this machine: found, told in a word, ended with the session. */
import { KodamaError } from "../../base/errors.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";
import type { SyncReport } from "../sync/control.ts";
import { listSyncs, stopSync, syncStatus } from "../sync/syncs.ts";

/** Which session: another cluster may have one of the same name, and so may the past of this one. */
export interface SyncOwner extends Pick<Session, "namespace" | "name"> {
  context: string;
  /** Of its state; undefined where that isn't there, or can't be read. */
  uid: string | undefined;
}

/** The name of a session's sync among all of this machine. */
export function syncKey({ namespace, name }: Pick<Session, "namespace" | "name">): string {
  return `${namespace}.${name}`;
}

/** Whether a sync under a session's key is of that very session. */
export function isSyncOf({ spec }: SyncReport, { context, uid }: SyncOwner): boolean {
  return spec.session === null || uid === undefined
    ? spec.target.context === context
    : spec.session.uid === uid;
}

/** The session's sync on this machine, running or not. */
export async function syncHere(host: Host, owner: SyncOwner): Promise<SyncReport | undefined> {
  const report = await syncStatus(host, syncKey(owner));
  return report !== undefined && isSyncOf(report, owner) ? report : undefined;
}

/** The same for many sessions, which are looked up at once. */
export async function syncsHere(
  host: Host,
): Promise<(owner: SyncOwner) => SyncReport | undefined> {
  const reports = new Map((await listSyncs(host)).map((report) => [report.spec.key, report]));
  return (owner) => {
    const report = reports.get(syncKey(owner));
    return report !== undefined && isSyncOf(report, owner) ? report : undefined;
  };
}

/** What a list says of a session's sync on this machine. */
export type SyncWord = "Active" | "Inactive" | "Error";

/** In one word; a sync that waits for its pod is active. */
export function syncWord(report: SyncReport | undefined): SyncWord {
  if (report === undefined || report.pid === null) return "Inactive";
  const { phase, problems } = report.state;
  if (phase === "paused") return "Inactive";
  const fails = phase === "halted" || problems.some(({ kind }) => kind === "failed");
  return fails ? "Error" : "Active";
}

/**
 * Ends it on this machine, where it is. One that doesn't answer isn't waited for: its pod goes, and it ends by itself.
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
