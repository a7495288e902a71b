/**
 * Two files that list trusted workflows: the user's own list (`trust.json` in kodama's folder), and the lock file that
 * a repository may have beside its workflows (`kodama.lock`). Both are JSON.
 */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import type { Fingerprint } from "./fingerprint.ts";

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
export type WorkflowLock = Readonly<Record<string, Fingerprint>>;

/** Bytes of such a file, and entries of a list: the oldest are dropped first. */
export const trustLimits = { bytes: 4 * 1024 * 1024, entries: 1000 } as const;

/** Name of the lock file, in the folder of its workflows. */
export const lockName = "kodama.lock";

const fingerprint = v.record(v.string(), v.pipe(v.string(), v.regex(/^sha256-[0-9a-f]{64}$/)));

const listShape = v.object({
  version: v.literal(1),
  workflows: v.array(v.object({
    path: v.string(),
    files: fingerprint,
    permissions: v.array(v.string()),
    trustedAt: v.pipe(v.string(), v.isoTimestamp()),
  })),
});

const lockShape = v.object({
  version: v.literal(1),
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
  const [issue] = result.issues;
  const keyPath = issue.path?.map((part) => String((part as { key: unknown }).key)).join(".");
  throw unreadable(path, `${keyPath === undefined ? "" : `${keyPath}: `}${issue.message}`);
}

function unreadable(path: string, reason: string, cause?: unknown): KodamaError {
  return new KodamaError("config", `${path}: ${reason.slice(0, 200)}`, {
    hint: path.endsWith(`/${lockName}`)
      ? "write it again: kodama workflow trust lock > kodama.lock"
      : "remove the file, and trust your workflows again: kodama workflow trust add",
    cause,
  });
}
