/** Chooses the folder that a session is synced with, named by the user or not. */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import type { SessionRepository, SessionSync } from "../../session/model.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Host } from "../host.ts";
import { isCloneOf } from "./local_git.ts";
import type { StoredSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { syncStatus } from "../sync/syncs.ts";
import type { RequestedSync, StartOptions } from "./events.ts";
import { isSyncOf, syncKey } from "./sync_here.ts";

/** The choice; `why` is the reason if nothing is synced although that wasn't requested. */
export interface SyncChoice extends SessionSync {
  /** The folder is a clone of the session's repository. */
  isClone: boolean;
  why?: Hint;
}

/** A folder that contains one of these is a project, not a home folder. */
const projectMarks = [".git", ".kodama.yaml", ".kodamaignore"];

/**
 * Returns the choice.
 *
 * @throws UsageError if the folder doesn't exist.
 */
export async function chosenSync(
  host: Host,
  requested: RequestedSync,
  { repository, signal }: { repository: SessionRepository | undefined; signal: AbortSignal },
): Promise<SyncChoice> {
  const { workingDir } = host.places;
  switch (requested.kind) {
    case "none":
      return { enabled: false, isClone: false };
    case "folder": {
      const localPath = absolutePath(requested.path, workingDir);
      const kind = await (await host.copyFiles()).kindOf(localPath);
      if (kind === "folder") {
        const isClone = await isCloneIn(host, localPath, { repository, signal });
        return { enabled: true, localPath, isClone };
      }
      throw new UsageError(
        `cannot sync ${requested.path}: ${kind === undefined ? "there is" : "it is"} no folder`,
      );
    }
    case "unspecified": {
      const why = await whyNot(host, repository, signal);
      return why === undefined
        ? { enabled: true, localPath: workingDir, isClone: repository !== undefined }
        : {
          enabled: false,
          isClone: false,
          why: hint`${why}; ${option("sync", ".")} syncs it anyway`,
        };
    }
  }
}

/** Folders that a user wouldn't expect in a cluster aren't synced: a home folder, another project. */
async function whyNot(
  host: Host,
  repository: SessionRepository | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { workingDir } = host.places;
  if (repository !== undefined) {
    const isClone = await isCloneIn(host, workingDir, { repository, signal });
    return isClone ? undefined : `${workingDir} is not a clone of it`;
  }
  for (const mark of projectMarks) {
    if (await host.files.inspect(`${workingDir}/${mark}`) !== undefined) return undefined;
  }
  return `${workingDir} is not a project`;
}

/** Returns whether a folder is a clone of the session's repository. */
async function isCloneIn(
  host: Host,
  folder: string,
  { repository, signal }: { repository: SessionRepository | undefined; signal: AbortSignal },
): Promise<boolean> {
  return repository !== undefined && await isCloneOf(host, { folder, url: repository.url }, signal);
}

/*
 * Resolves the folder that a start syncs, given what already exists: if none is named it is the session's own, not
 * the current directory. Two projects that were once merged are hard to separate.
 */

/** A start, and the folder that it would choose for a completely new session. */
interface FolderRequest extends Choosing {
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
export async function resolveSync(
  host: Host,
  store: SessionStore,
  { options, there, choice, oldVolumes }: FolderRequest,
): Promise<SyncChoice> {
  const { name, sync: requested } = options;
  if (requested.kind === "none") return choice;
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
  const wayOut = hint`${stop} stops it; its files stay`;
  if (options.sync.kind === "folder") {
    throw new UsageError(why, { hint: hint`${wayOut}; ${option("noSync")} starts without it` });
  }
  return choice.enabled ? notSynced(hint`${why}: ${wayOut}`) : choice;
}

/** A workspace that a deletion retained has files of a folder that is no longer known. */
function ofNewSession({ options, choice, oldVolumes }: FolderRequest): SyncChoice {
  const { name, sync: requested, repo, join } = options;
  if (!oldVolumes || !choice.enabled || repo !== undefined || join) return choice;
  const why = `the workspace contains the files of an earlier session "${name}"`;
  const wayOut = hint`${action("delete", { name, purge: true })} deletes them; ${
    option("sync", ".")
  } ${option("join")} merges both`;
  if (requested.kind === "folder") {
    throw new UsageError(`cannot sync ${requested.path}: ${why}`, { hint: wayOut });
  }
  return notSynced(hint`${why}; ${wayOut}`);
}

/** This machine has synced the folder before. */
async function asBefore(
  host: Host,
  { session: { name, repository } }: StoredSession,
  { report: { spec: { key, local } }, options, choice }: Choosing & { report: SyncReport },
): Promise<SyncChoice> {
  const { sync: requested, signal } = options;
  if (requested.kind === "folder" && choice.localPath !== local) {
    throw new UsageError(
      `cannot sync ${requested.path}: session "${name}" is synced with ${local}`,
      {
        hint: hint`without ${option("sync")} it still is; ${
          action("sync.stop", { key, forget: true })
        } stops that sync; the files stay`,
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
  { options: { sync: requested, signal }, choice }: Choosing,
): Promise<SyncChoice> {
  if (requested.kind === "folder") return choice;
  if (!sync.enabled) {
    return notSynced(hint`it was started without a folder; ${option("sync", ".")} syncs this one`);
  }
  if (repository !== undefined) return await chosenSync(host, requested, { repository, signal });
  const { workingDir } = host.places;
  if (sync.localPath === workingDir) {
    return { enabled: true, localPath: workingDir, isClone: false };
  }
  return notSynced(
    hint`it was started with ${sync.localPath ?? "another folder"}; ${
      option("sync", ".")
    } syncs this folder anyway`,
  );
}

function notSynced(why: Hint): SyncChoice {
  return { enabled: false, isClone: false, why };
}
