/**
 * Two files that list trusted workflows: the user's own list (`trust.json` in kodama's folder), and the lock file that
 * a repository may have beside its workflows (`kodama.lock`). Both are JSON.
 */
import { action, hint } from "../base/hint.ts";
import { fileVersion, versionProblem } from "../base/file_version.ts";
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { changedPaths, type Fingerprint } from "./fingerprint.ts";

/** A workflow that a person has reviewed. */
export interface TrustEntry {
  /** Absolute. */
  path: string;
  files: Fingerprint;
  /** Its permissions, as they were shown. */
  permissions: readonly string[];
  /** RFC 3339. */
  trustedAt: string;
}

/** The lock file, by the workflow's file name. */
type WorkflowLock = Readonly<Record<string, Fingerprint>>;

/** Bytes of such a file, and entries of a list: the oldest are dropped first. */
export const trustLimits = { bytes: 4 * 1024 * 1024, entries: 1000 } as const;

/** Name of the lock file, in the folder of its workflows. */
export const lockName = "kodama.lock";

const fingerprint = v.record(v.string(), v.pipe(v.string(), v.regex(/^sha256-[0-9a-f]{64}$/)));

const listShape = v.object({
  version: fileVersion(1),
  workflows: v.array(v.object({
    path: v.string(),
    files: fingerprint,
    permissions: v.array(v.string()),
    trustedAt: v.pipe(v.string(), v.isoTimestamp()),
  })),
});

const lockShape = v.object({
  version: fileVersion(1),
  workflows: v.record(v.string(), fingerprint),
});

/**
 * Parses the list; undefined is an empty one.
 *
 * @throws KodamaError `config` for an invalid one: trust is never guessed.
 */
export function parseTrustList(path: string, text: string | undefined): readonly TrustEntry[] {
  return text === undefined ? [] : parse(path, text, listShape).workflows;
}

/** Reads a lock file. Throws as {@link parseTrustList}. */
export function parseLock(path: string, text: string): WorkflowLock {
  return parse(path, text, lockShape).workflows;
}

/** Returns the text of the list, with its newest entries. */
export function trustListText(entries: readonly TrustEntry[]): string {
  return textOf({ version: 1, workflows: entries.slice(-trustLimits.entries) });
}

/** Returns the text of a lock file: names in order, so that a diff shows only what has changed. */
export function lockText(lock: WorkflowLock): string {
  const names = Object.keys(lock).toSorted();
  return textOf({
    version: 1,
    workflows: Object.fromEntries(names.map((name) => [name, lock[name]])),
  });
}

function textOf(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

function parse<S extends v.GenericSchema>(path: string, text: string, shape: S): v.InferOutput<S> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it isn't JSON", error);
  }
  const result = v.safeParse(shape, data);
  if (result.success) return result.output;
  const later = versionProblem(result.issues);
  if (later !== undefined) throw new KodamaError("config", `${path}: ${later}`);
  const [issue] = result.issues;
  const keyPath = issue.path?.map((part) => String((part as { key: unknown }).key)).join(".");
  throw unreadable(path, `${keyPath === undefined ? "" : `${keyPath}: `}${issue.message}`);
}

function unreadable(path: string, reason: string, cause?: unknown): KodamaError {
  return new KodamaError("config", `${path}: ${reason.slice(0, 200)}`, {
    hint: path.endsWith(`/${lockName}`)
      ? hint`write it again: ${action("workflow.trust.lock")} > kodama.lock`
      : hint`remove the file, and trust your workflows again: ${action("workflow.trust.add")}`,
    cause,
  });
}

/* Whether a workflow may run: decided from what was trusted before and its current files. Pure. */

/** Input of the decision. */
export interface TrustQuestion {
  /** The absolute path of the workflow. */
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
