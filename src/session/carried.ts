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
 * variables of a task that hasn't begun.
 */
const kept = /^(?:repository|files-pending|tasks(?:\/\d+(?:\/(?!environment$)[^/]+)?)?)$/;

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
