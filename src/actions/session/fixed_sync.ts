/**
 * Resolves the folder that a start syncs, given what already exists: if none is named it is the session's own, not
 * the current directory. Two projects that were once merged are hard to separate.
 */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import type { StoredSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { syncStatus } from "../sync/syncs.ts";
import type { StartOptions } from "./events.ts";
import { chosenSync, isCloneIn, type SyncChoice } from "./sync_choice.ts";
import { isSyncOf, syncKey } from "./sync_here.ts";

/** A start, and the folder that it would choose for a completely new session. */
interface Asked extends Choosing {
  /** The session of its name. */
  there: StoredSession | undefined;
  /** There is no session, but there are volumes of an earlier one. */
  oldVolumes: boolean;
}

interface Choosing {
  options: StartOptions;
  choice: SyncChoice;
}

/**
 * Resolves the folder.
 *
 * @throws UsageError if this machine syncs the session with another folder than the one named, or syncs a session of
 *   the same name in another cluster, or if the folder would be merged with the files of an earlier session.
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
  const stop = action("sync.stop", { key: spec.key, forget: true });
  const wayOut = hint`${stop} ends it, and leaves its files as they are`;
  if (options.sync.kind === "folder") {
    throw new UsageError(why, { hint: hint`${wayOut}; ${option("noSync")} begins without` });
  }
  return choice.enabled ? notSynced(hint`${why}: ${wayOut}`) : choice;
}

/** A workspace that a deletion retained has files of a folder that is no longer known. */
function ofNewSession({ options, choice, oldVolumes }: Asked): SyncChoice {
  const { name, sync: wish, repo, join } = options;
  if (!oldVolumes || !choice.enabled || repo !== undefined || join) return choice;
  const why = `the workspace holds the files of an earlier session "${name}"`;
  const wayOut = hint`${action("delete", { name, purge: true })} deletes them; ${
    option("sync", ".")
  } ${option("join")} brings both together`;
  if (wish.kind === "folder") {
    throw new UsageError(`cannot sync ${wish.path}: ${why}`, { hint: wayOut });
  }
  return notSynced(hint`${why}; ${wayOut}`);
}

/** This machine has synced the folder before. */
async function asBefore(
  host: Host,
  { session: { name, repository } }: StoredSession,
  { report: { spec: { key, local } }, options, choice }: Choosing & { report: SyncReport },
): Promise<SyncChoice> {
  const { sync: wish, signal } = options;
  if (wish.kind === "folder" && choice.localPath !== local) {
    throw new UsageError(
      `cannot sync ${wish.path}: session "${name}" is kept in sync with ${local}`,
      {
        hint: hint`without ${option("sync")} it still is; ${
          action("sync.stop", { key, forget: true })
        } ends that, and leaves the files as they are`,
      },
    );
  }
  const isClone = await isCloneIn(host, local, { repository, signal });
  return { enabled: true, localPath: local, isClone };
}

/** Another machine may have the same clone; any other folder is taken for the session's if it has the same path. */
async function ofOtherMachine(
  host: Host,
  { session: { repository, sync } }: StoredSession,
  { options: { sync: wish, signal }, choice }: Choosing,
): Promise<SyncChoice> {
  if (wish.kind === "folder") return choice;
  if (!sync.enabled) {
    return notSynced(hint`it was begun without a folder; ${option("sync", ".")} gives it this one`);
  }
  if (repository !== undefined) return await chosenSync(host, wish, { repository, signal });
  const { workingDir } = host.places;
  if (sync.localPath === workingDir) {
    return { enabled: true, localPath: workingDir, isClone: false };
  }
  return notSynced(
    hint`it was begun with ${sync.localPath ?? "another folder"}; ${
      option("sync", ".")
    } takes this folder all the same`,
  );
}

function notSynced(why: Hint): SyncChoice {
  return { enabled: false, isClone: false, why };
}
