/** Chooses the folder that a session is synced with, named by the user or not. */
import { type Hint, hint, option } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import type { SessionRepository, SessionSync } from "../../session/model.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Host } from "../host.ts";
import { isCloneOf } from "./local_git.ts";

/** The requested folder. */
export type RequestedSync =
  | { kind: "none" }
  | { kind: "folder"; path: string }
  /** The working folder, if it is the project of the session. */
  | { kind: "unsaid" };

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
  wish: RequestedSync,
  { repository, signal }: { repository: SessionRepository | undefined; signal: AbortSignal },
): Promise<SyncChoice> {
  const { workingDir } = host.places;
  switch (wish.kind) {
    case "none":
      return { enabled: false, isClone: false };
    case "folder": {
      const localPath = absolutePath(wish.path, workingDir);
      const kind = await (await host.copyFiles()).kindOf(localPath);
      if (kind === "folder") {
        const isClone = await isCloneIn(host, localPath, { repository, signal });
        return { enabled: true, localPath, isClone };
      }
      throw new UsageError(
        `cannot sync ${wish.path}: ${kind === undefined ? "there is" : "it is"} no folder`,
      );
    }
    case "unsaid": {
      const why = await whyNot(host, repository, signal);
      return why === undefined
        ? { enabled: true, localPath: workingDir, isClone: repository !== undefined }
        : {
          enabled: false,
          isClone: false,
          why: hint`${why}; ${option("sync", ".")} does it all the same`,
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
export async function isCloneIn(
  host: Host,
  folder: string,
  { repository, signal }: { repository: SessionRepository | undefined; signal: AbortSignal },
): Promise<boolean> {
  return repository !== undefined && await isCloneOf(host, { folder, url: repository.url }, signal);
}
