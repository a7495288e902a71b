/** Whether a workflow may run: a pure decision over what was trusted before and what is there now. */
import { changedPaths, type Fingerprint } from "./fingerprint.ts";
import type { TrustEntry } from "./trust_files.ts";

/** What the decision looks at. */
export interface TrustQuestion {
  /** Of the workflow, absolute. */
  path: string;
  files: Fingerprint;
  /** It grants something, changes something, or hides a shipped workflow of the same name. */
  needsTrust: boolean;
  /** Folders whose workflows are the user's own, or kodama's. */
  ownFolders: readonly string[];
  trusted: readonly TrustEntry[];
  /** Of the lock file beside it; undefined where there is none, or it doesn't have this workflow. */
  locked?: Fingerprint;
  /** `--trust`. */
  trustNow: boolean;
  /** Somebody can be asked. */
  canAsk: boolean;
}

/** Why there is no question. */
export type TrustedBecause = "own" | "harmless" | "asked" | "locked" | "said";

/** What comes of it. */
export type TrustDecision =
  | { kind: "trusted"; because: TrustedBecause }
  /** Nobody has said yes to these files. `changed` are the paths that differ from those that were trusted. */
  | { kind: "ask"; seen: "new" | "changed"; changed: readonly string[] }
  /** As `ask`, but there is nobody to ask; `lock` tells that a lock file is there and has other files. */
  | { kind: "refused"; seen: "new" | "changed"; changed: readonly string[]; lock: boolean };

/**
 * Decides. A lock file lies in the very repository that is to be trusted or not: it counts only where nobody can be
 * asked, as in CI, where running the repository's code is what the machine is for.
 */
export function decideTrust(question: TrustQuestion): TrustDecision {
  const { path, files, locked, canAsk } = question;
  if (question.ownFolders.some((folder) => path.startsWith(`${folder}/`))) {
    return { kind: "trusted", because: "own" };
  }
  if (!question.needsTrust) return { kind: "trusted", because: "harmless" };
  if (question.trustNow) return { kind: "trusted", because: "said" };
  const entry = question.trusted.findLast((one) => one.path === path);
  const changed = entry === undefined ? [] : changedPaths(entry.files, files);
  if (entry !== undefined && changed.length === 0) return { kind: "trusted", because: "asked" };
  const seen = entry === undefined ? "new" : "changed";
  if (canAsk) return { kind: "ask", seen, changed };
  if (locked === undefined) return { kind: "refused", seen, changed, lock: false };
  const unlocked = changedPaths(locked, files);
  return unlocked.length === 0
    ? { kind: "trusted", because: "locked" }
    : { kind: "refused", seen: "changed", changed: unlocked, lock: true };
}
