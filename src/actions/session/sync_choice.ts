/** Which folder a session is kept in step with, where a person says so and where nobody does. */
import { UsageError } from "../../base/errors.ts";
import type { SessionRepository, SessionSync } from "../../session/model.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Host } from "../host.ts";
import { isCloneOf } from "./local_git.ts";

/** What was asked for. */
export type SyncWish =
  | { kind: "none" }
  | { kind: "folder"; path: string }
  /** The working folder, where it is the project that the session is about. */
  | { kind: "unsaid" };

/** The choice; `why` says why nothing is kept in step, where nobody asked for that. */
export interface SyncChoice extends SessionSync {
  /** The folder is a clone of the session's repository. */
  isClone: boolean;
  why?: string;
}

/** A folder that holds one of these is somebody's project, and not a home folder. */
const projectMarks = [".git", ".kodama.yaml", ".kodamaignore"];

/**
 * Chooses.
 *
 * @throws UsageError for a folder that isn't there.
 */
export async function chosenSync(
  host: Host,
  wish: SyncWish,
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
        `--sync ${wish.path}: ${kind === undefined ? "there is" : "it is"} no folder`,
      );
    }
    case "unsaid": {
      const why = await whyNot(host, repository, signal);
      return why === undefined
        ? { enabled: true, localPath: workingDir, isClone: repository !== undefined }
        : { enabled: false, isClone: false, why: `${why}; --sync . does it all the same` };
    }
  }
}

/** What a person wouldn't expect to be sent to a cluster isn't: a home folder, another project. */
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

/** Whether a folder is a clone of the session's repository. */
export async function isCloneIn(
  host: Host,
  folder: string,
  { repository, signal }: { repository: SessionRepository | undefined; signal: AbortSignal },
): Promise<boolean> {
  return repository !== undefined && await isCloneOf(host, { folder, url: repository.url }, signal);
}
