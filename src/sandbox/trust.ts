/**
 * Two files that list trusted workflows: the user's own list (`trust.json` in kodama's folder), and the lock file that
 * a repository may have beside its workflows (`kodama.lock`). Both are JSON.
 */
import { action, hint } from "../base/hint.ts";
import { fileVersion, versionProblem } from "../base/file_version.ts";
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { changedPaths, type Fingerprint, type ReadFile } from "./fingerprint.ts";

/** A workflow that a person has reviewed. */
export interface TrustEntry {
  /** Absolute. */
  path: string;
  files: Fingerprint;
  /** The workflow's permissions, as they were shown. */
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
 * Parses the list; undefined is an empty list.
 *
 * @throws KodamaError `config` for an invalid list: trust is never guessed.
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

/** Returns the text of a lock file: names in order, so that a diff shows only changed files. */
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

/**
 * The texts of files as they are trusted, by path. A process, a script or a pod of this machine starts only with them:
 * only a decision makes them, so that a new way to run files of a repository can't leave it out.
 */
export class TrustedFiles {
  /** Makes the type nominal. */
  readonly #isTrusted = true;

  private constructor(readonly texts: ReadonlyMap<string, string>) {}

  /** Returns the files that the decision is about. */
  static of(
    _decision: TrustDecision & { kind: "trusted" },
    files: readonly ReadFile[],
  ): TrustedFiles {
    return new TrustedFiles(new Map(files.map(({ path, text }) => [path, text])));
  }

  /** Returns whether an object was made here. */
  static is(one: object): one is TrustedFiles {
    return #isTrusted in one;
  }
}

/* Whether a workflow may run: decided from the trusted files and its current files. Pure. */

/** Input of the decision. */
export interface TrustQuestion {
  /** The absolute path of the workflow. */
  path: string;
  files: Fingerprint;
  /** The workflow grants something, changes something, or hides a shipped workflow of the same name. */
  needsTrust: boolean;
  /** Folders whose workflows are the user's own, or kodama's. */
  ownFolders: readonly string[];
  trusted: readonly TrustEntry[];
  /** From the lock file beside it; undefined if there is none, or it doesn't have this workflow. */
  locked?: Fingerprint;
  trustNow: TrustNow;
  /** A person can be asked. */
  canAsk: boolean;
}

/** `--trust`: whatever the files contain. `--locked`: if the lock file has exactly these files. */
export type TrustNow = boolean | "locked";

/** Why no confirmation is needed. */
export type TrustedBecause = "own" | "harmless" | "asked" | "locked" | "said";

/** The decision. */
export type TrustDecision =
  | { kind: "trusted"; because: TrustedBecause }
  /** No one has confirmed these files. `changed` are the paths that differ from those that were trusted. */
  | { kind: "ask"; seen: "new" | "changed"; changed: readonly string[] }
  /** As `ask`, but no one can be asked. */
  | { kind: "refused"; seen: "new" | "changed"; changed: readonly string[] }
  /** The lock file has other files, or doesn't have the workflow. */
  | { kind: "unlocked"; seen: "new" | "changed"; changed: readonly string[] };

/**
 * Decides whether a workflow is trusted. A lock file is part of the very repository in question, so it counts only with
 * `--locked`: a repository can't vouch for itself because there is no terminal.
 */
export function decideTrust(question: TrustQuestion): TrustDecision {
  const { path, files, locked, canAsk } = question;
  if (question.ownFolders.some((folder) => path.startsWith(`${folder}/`))) {
    return { kind: "trusted", because: "own" };
  }
  if (!question.needsTrust) return { kind: "trusted", because: "harmless" };
  if (question.trustNow === true) return { kind: "trusted", because: "said" };
  if (question.trustNow === "locked") {
    const unlocked = locked === undefined ? [] : changedPaths(locked, files);
    return locked !== undefined && unlocked.length === 0
      ? { kind: "trusted", because: "locked" }
      : { kind: "unlocked", seen: locked === undefined ? "new" : "changed", changed: unlocked };
  }
  const entry = question.trusted.findLast((one) => one.path === path);
  const changed = entry === undefined ? [] : changedPaths(entry.files, files);
  if (entry !== undefined && changed.length === 0) return { kind: "trusted", because: "asked" };
  const seen = entry === undefined ? "new" : "changed";
  return { kind: canAsk ? "ask" : "refused", seen, changed };
}
