/** Whether a workflow may run: decided from what was trusted before and its current files. Pure. */
import { changedPaths, type Fingerprint } from "./fingerprint.ts";
import type { TrustEntry } from "./trust_files.ts";

/** Input of the decision. */
export interface TrustQuestion {
  /** Of the workflow, absolute. */
  path: string;
  files: Fingerprint;
  /** It grants something, changes something, or hides a shipped workflow of the same name. */
  needsTrust: boolean;
  /** Folders whose workflows are the user's own, or kodama's. */
  ownFolders: readonly string[];
  trusted: readonly TrustEntry[];
  /** From the lock file beside it; undefined if there is none, or it doesn't have this workflow. */
  locked?: Fingerprint;
  /** `--trust`. */
  trustNow: boolean;
  /** A person can be asked. */
  canAsk: boolean;
}

/** Why no confirmation is needed. */
export type TrustedBecause = "own" | "harmless" | "asked" | "locked" | "said";

/** The decision. */
export type TrustDecision =
  | { kind: "trusted"; because: TrustedBecause }
  /** No one has confirmed these files. `changed` are the paths that differ from those that were trusted. */
  | { kind: "ask"; seen: "new" | "changed"; changed: readonly string[] }
  /** As `ask`, but no one can be asked; `lock` is set if there is a lock file with other files. */
  | { kind: "refused"; seen: "new" | "changed"; changed: readonly string[]; lock: boolean };

/**
 * Decides whether a workflow is trusted. A lock file is part of the very repository in question: it counts only if no
 * one can be asked, as in CI, whose purpose is to run the repository's code.
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
