/**
 * The folder that a start keeps in step, in view of what is there already: where nobody names one it is the session's
 * own, and not the one that somebody happens to stand in. Two projects that were once joined are hard to take apart.
 */
import { UsageError } from "../../base/errors.ts";
import type { KeptSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SyncReport } from "../sync/control.ts";
import { syncStatus } from "../sync/syncs.ts";
import type { StartOptions } from "./events.ts";
import { chosenSync, isCloneIn, type SyncChoice } from "./sync_choice.ts";
import { isSyncOf, syncKey } from "./sync_here.ts";

/** A start that chooses, and what it would choose for a session of which nothing is there. */
interface Asked extends Choosing {
  /** The session of its name. */
  there: KeptSession | undefined;
  /** There is none, and its volumes are: those of an earlier session. */
  oldVolumes: boolean;
}

interface Choosing {
  options: StartOptions;
  choice: SyncChoice;
}

/**
 * Settles it.
 *
 * @throws UsageError where this machine keeps the session in step with another folder than the one that is named, or a
 *   session of the same name in another cluster, or if the folder would be joined with the files of an earlier session.
 */
export async function settledSync(
  host: Host,
  store: SessionStore,
  { options, there, choice, oldVolumes }: Asked,
): Promise<SyncChoice> {
  const { name, sync: wish } = options;
  if (wish.kind === "none") return choice;
  const { namespace, client: { context } } = store;
  const key = syncKey({ namespace, name });
  const report = await syncStatus(host, key);
  const isOwn = report !== undefined &&
    isSyncOf(report, { namespace, name, context, uid: there?.uid });
  if (report !== undefined && !isOwn && report.spec.target.context !== context) {
    return nameTaken(report, { options, choice });
  }
  if (there === undefined) return ofNewSession({ options, there, choice, oldVolumes });
  return isOwn
    ? await asBefore(host, there, { report, options, choice })
    : await ofOtherMachine(host, there, { options, choice });
}

/** A sync has the name of its session, without the cluster's. */
function nameTaken({ spec }: SyncReport, { options, choice }: Choosing): SyncChoice {
  const why = `the sync ${spec.key} of this machine is of context ${spec.target.context}`;
  const hint = `kodama sync stop ${spec.key} --forget ends it, and leaves its files as they are`;
  if (options.sync.kind === "folder") {
    throw new UsageError(why, { hint: `${hint}; --no-sync begins without` });
  }
  return choice.enabled ? notSynced(`${why}: ${hint}`) : choice;
}

/** A workspace that a deletion kept holds files of a folder that nobody knows any more. */
function ofNewSession({ options, choice, oldVolumes }: Asked): SyncChoice {
  const { name, sync: wish, repo, join } = options;
  if (!oldVolumes || !choice.enabled || repo !== undefined || join) return choice;
  const why = `the workspace holds the files of an earlier session "${name}"`;
  const hint = `kodama delete ${name} --purge deletes them; --sync . --join brings both together`;
  if (wish.kind === "folder") throw new UsageError(`--sync ${wish.path}: ${why}`, { hint });
  return notSynced(`${why}; ${hint}`);
}

/** This machine knows the folder. */
async function asBefore(
  host: Host,
  { session: { name, repository } }: KeptSession,
  { report: { spec: { key, local } }, options, choice }: Choosing & { report: SyncReport },
): Promise<SyncChoice> {
  const { sync: wish, signal } = options;
  if (wish.kind === "folder" && choice.localPath !== local) {
    throw new UsageError(`--sync ${wish.path}: session "${name}" is kept in step with ${local}`, {
      hint: `without --sync it still is; kodama sync stop ${key} --forget ends that, ` +
        `and leaves the files as they are`,
    });
  }
  const isClone = await isCloneIn(host, local, { repository, signal });
  return { enabled: true, localPath: local, isClone };
}

/** Another machine may have the same clone; any other folder is taken for the session's where it has the same path. */
async function ofOtherMachine(
  host: Host,
  { session: { repository, sync } }: KeptSession,
  { options: { sync: wish, signal }, choice }: Choosing,
): Promise<SyncChoice> {
  if (wish.kind === "folder") return choice;
  if (!sync.enabled) return notSynced("it was begun without a folder; --sync . gives it this one");
  if (repository !== undefined) return await chosenSync(host, wish, { repository, signal });
  const { workingDir } = host.places;
  if (sync.localPath === workingDir) {
    return { enabled: true, localPath: workingDir, isClone: false };
  }
  return notSynced(`it was begun with ${sync.localPath}; --sync . takes this folder all the same`);
}

function notSynced(why: string): SyncChoice {
  return { enabled: false, isClone: false, why };
}
