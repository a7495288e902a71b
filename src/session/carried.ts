/** What of a session's volumes goes into a copy of them, and what stays where it is. Pure. */
import { homeFolder, kodamaFolder, workspaceFolder } from "./names.ts";

/** A folder of the pod that is copied. */
export interface CarriedFolder {
  /** Its name in an archive. */
  root: "workspace" | "claude" | "kodama";
  path: string;
}

/** All of them, in the order in which they are copied. */
export const carriedFolders: readonly CarriedFolder[] = [
  { root: "workspace", path: workspaceFolder },
  { root: "claude", path: `${homeFolder}/.claude` },
  { root: "kodama", path: kodamaFolder },
];

/** Kodama's own on its way (`.kodama-…`), and what file systems put into every volume. */
const passing = /^(?:lost\+found|\.kodama-[^/]+)(?:\/|$)/;

/** Where Claude Code keeps whom it is signed in as, with the copies that it makes of it. */
const credentials = /(?:^|\/)(?:\.credentials\.json|\.claude\.json)/;

/**
 * Of kodama's own: what says that the checkout is whole, and the tasks with their conversations, but for the
 * variables of a task that hasn't begun, and what would begin it: it has its turn where it was given.
 */
const kept =
  /^(?:repository|files-pending|tasks(?:\/\d+(?:\/(?!(?:environment|runner)$)[^/]+)?)?)$/;

/** What archives of earlier versions hold, and is passed over. */
const formerlyKept = /^tasks\/\d+\/runner$/;

/** Whether an entry may stand in an archive, though it isn't carried on. */
export function isPassedOver({ root }: CarriedFolder, path: string): boolean {
  return root === "kodama" && formerlyKept.test(path);
}

/** Whether an entry goes along; `path` is below the folder, and empty for the folder itself. */
export function isCarried(
  { root }: CarriedFolder,
  path: string,
  { withSecrets }: { withSecrets: boolean },
): boolean {
  if (path === "") return true;
  if (passing.test(path)) return false;
  if (root === "claude") return withSecrets || !credentials.test(path);
  return root === "workspace" || kept.test(path);
}
