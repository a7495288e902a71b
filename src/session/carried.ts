/** The entries of a session's volumes that are copied, and those that are not. Pure. */
import { homeFolder, kodamaFolder, workspaceFolder } from "./names.ts";
import { sessionCommand } from "./pod_script.ts";

/** A folder of the pod that is copied. */
export interface CarriedFolder {
  /** Its name in an archive. */
  root: "workspace" | "claude" | "kodama";
  path: string;
}

/** All of them, in copy order. */
export const carriedFolders: readonly CarriedFolder[] = [
  { root: "workspace", path: workspaceFolder },
  { root: "claude", path: `${homeFolder}/.claude` },
  { root: "kodama", path: kodamaFolder },
];

/** Kodama's own transfers in progress (`.kodama-…`), and entries that file systems add to every volume. */
const passing = /^(?:lost\+found|\.kodama-[^/]+)(?:\/|$)/;

/** The files where Claude Code stores its sign-in, with the copies that it makes of them. */
const credentials = /(?:^|\/)(?:\.credentials\.json|\.claude\.json)/;

/**
 * kodama's own files that are copied: the mark of a complete checkout, and the tasks with their conversations, except
 * the variables and the runner of a task that hasn't started: it runs in the session where it was submitted.
 */
const stateFiles =
  /^(?:repository|files-pending|tasks(?:\/\d+(?:\/(?!(?:environment|runner)$)[^/]+)?)?)$/;

/** Entries in archives of earlier versions that are skipped. */
const formerStateFiles = /^tasks\/\d+\/runner$/;

/** Returns whether an entry may be in an archive, though it isn't copied. */
export function isPassedOver({ root }: CarriedFolder, path: string): boolean {
  return root === "kodama" && formerStateFiles.test(path);
}

/** Returns whether an entry is copied; `path` is below the folder, and empty for the folder itself. */
export function isCarried(
  { root }: CarriedFolder,
  path: string,
  { withSecrets }: { withSecrets: boolean },
): boolean {
  if (path === "") return true;
  if (passing.test(path)) return false;
  if (root === "claude") return withSecrets || !credentials.test(path);
  return root === "workspace" || stateFiles.test(path);
}

const paths = carriedFolders.map(({ path }) => path);

/** The staging folder within a folder that is filled. No sync copies names that start like this (`reservedPrefix`). */
export const fillFolder = ".kodama-sync-fill";

/** Returns the command that prepares to fill the folders, also after an attempt that was interrupted. */
export function startFillCommand(folders: readonly string[] = paths): string[] {
  return sessionCommand("startFill", folders);
}

/** Returns the command that replaces the existing files by those in {@link fillFolder}. */
export function placeFillCommand(folders: readonly string[] = paths): string[] {
  return sessionCommand("placeFill", folders);
}

/** Returns the command that removes from a copy of complete volumes all files that {@link isCarried} excludes. */
export function removeSurplusCommand(
  { withSecrets }: { withSecrets: boolean },
  [workspace = "", agent = "", state = ""]: readonly string[] = paths,
): string[] {
  return sessionCommand("removeSurplus", [
    withSecrets ? "keep" : "remove",
    workspace,
    agent,
    state,
  ]);
}
