/** Chooses the folder that a session is synced with, named by the user or not. */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import type { SessionRepository, SessionSync } from "../../session/model.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Host } from "../host.ts";
import { isCloneOf, workingTreeTop } from "./local_git.ts";
import type { StoredSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { syncStatus } from "../sync/syncs.ts";
import type { RequestedSync, StartOptions } from "./events.ts";
import { notAProject, requireProject } from "../sync/require_project.ts";
import { isSyncOf, syncKey } from "./sync_here.ts";

/** The choice; `why` is the reason if nothing is synced although that wasn't requested. */
export interface SyncChoice extends SessionSync {
  /** The folder is a clone of the session's repository. */
  isClone: boolean;
  why?: Hint;
}

/** A folder that contains any of these is a project, not a home folder. */
const projectMarks = [".git", ".kodama.yaml", ".kodamaignore"];

/**
 * Returns the choice.
 *
 * @throws UsageError if the folder doesn't exist, or isn't a project.
 */
export async function chosenSync(
  host: Host,
  requested: RequestedSync,
  { repository, signal }: SyncScope,
): Promise<SyncChoice> {
  const { workingDir } = host.places;
  switch (requested.kind) {
    case "none":
      return { enabled: false, isClone: false };
    case "folder":
      return await chosenFolder(host, requested.path, { repository, signal });
    case "unspecified": {
      const top = await workingTreeTop(host, workingDir, signal);
      const localPath = top ?? workingDir;
      const whole = await notAProject(host, localPath);
      if (whole !== undefined) return notSynced(`${localPath} is ${whole}`);
      const why = await whyNot(host, { top, folder: localPath }, { repository, signal });
      return why === undefined ? { enabled: true, localPath, isClone: repository !== undefined } : {
        enabled: false,
        isClone: false,
        why: hint`${why}; ${option("sync", ".")} syncs it anyway`,
      };
    }
  }
}

interface SyncScope {
  repository: SessionRepository | undefined;
  signal: AbortSignal;
}

/**
 * Returns the choice of a folder by name. The unit is the working tree: `.` in a subfolder means its top, and a
 * subfolder of a clone isn't mixed with the root of the checkout.
 */
async function chosenFolder(host: Host, path: string, scope: SyncScope): Promise<SyncChoice> {
  const { workingDir } = host.places;
  const folder = absolutePath(path, workingDir);
  const kind = await (await host.copyFiles()).kindOf(folder);
  if (kind !== "folder") {
    throw new UsageError(
      `cannot sync ${path}: ${kind === undefined ? "there is" : "it is"} no folder`,
    );
  }
  const top = await workingTreeTop(host, folder, scope.signal);
  const localPath = top !== undefined && folder === absolutePath(".", workingDir) ? top : folder;
  await requireProject(host, localPath);
  const isClone = await isCloneIn(host, top, scope);
  if (isClone && top !== undefined && localPath !== top) {
    throw new UsageError(`cannot sync ${path}: it is a part of the clone ${top}`, {
      hint: hint`${
        option("sync", top)
      } syncs all of it; for this part alone start without a sync, and ${
        action("sync.start", { local: path, remote: "kodama-NAME:/workspace/THE-SAME-PATH" })
      }`,
    });
  }
  return { enabled: true, localPath, isClone };
}

/** Folders that a user wouldn't expect in a cluster aren't synced: a home folder, another project. */
async function whyNot(
  host: Host,
  { top, folder }: { top: string | undefined; folder: string },
  { repository, signal }: SyncScope,
): Promise<string | undefined> {
  if (repository !== undefined) {
    const isClone = await isCloneIn(host, top, { repository, signal });
    return isClone ? undefined : `${folder} is not a clone of it`;
  }
  for (const mark of projectMarks) {
    if (await host.files.inspect(`${folder}/${mark}`) !== undefined) return undefined;
  }
  return `${folder} is not a project`;
}

/** Returns whether a working tree is a clone of the session's repository. */
async function isCloneIn(
  host: Host,
  top: string | undefined,
  { repository, signal }: SyncScope,
): Promise<boolean> {
  if (repository === undefined || top === undefined) return false;
  return await isCloneOf(host, { folder: top, url: repository.url }, signal);
}

/*
 * Resolves the folder that a start syncs, given the existing session and volumes: if none is named it is the session's
 * own, not the current directory. Two projects that were once merged are hard to separate.
 */

/** A start, and the folder that it would choose for a completely new session. */
interface FolderRequest extends Choosing {
  /** The session of its name. */
  there: StoredSession | undefined;
  /** There is no session, but there are volumes of an earlier session. */
  oldVolumes: boolean;
}

interface Choosing {
  options: StartOptions;
  choice: SyncChoice;
}

/**
 * Resolves the folder.
 *
 * @throws UsageError if this machine syncs the session with another folder than the named folder, or syncs a session of
 * the same name in another cluster, or if the folder would be merged with the files of an earlier session.
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
  const top = await workingTreeTop(host, local, signal);
  const isClone = top === local && await isCloneIn(host, top, { repository, signal });
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
  const localPath = await workingTreeTop(host, workingDir, signal) ?? workingDir;
  if (sync.localPath === localPath) return { enabled: true, localPath, isClone: false };
  return notSynced(
    hint`it was started with ${sync.localPath ?? "another folder"}; ${
      option("sync", ".")
    } syncs this folder anyway`,
  );
}

function notSynced(why: Hint): SyncChoice {
  return { enabled: false, isClone: false, why };
}
