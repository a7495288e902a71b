/** The stored state of a synchronisation: a folder of kodama's own, for its owner alone. */
import * as v from "valibot";
import { fileVersion, versionProblem } from "../../base/file_version.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Daemon, DaemonPaths } from "../../daemon/daemon.ts";
import type { ProcessIdentity } from "../../daemon/process_identity.ts";
import type { Answers } from "../../daemon/requests.ts";
import { readJsonFile } from "../../files/own_files.ts";
import type { SyncState } from "../engine/status.ts";
import type { SyncRequest, SyncSpec } from "./model.ts";

const text = v.string();

const recordShape = v.object({
  version: fileVersion(1),
  /** Distinguishes its files in both folders from those of others. */
  id: v.pipe(text, v.regex(/^[0-9a-f]{12}$/)),
  key: text,
  local: text,
  target: v.object({ context: text, namespace: text, pod: text, container: text }),
  remotePath: text,
  mode: v.picklist(["two-way-safe", "one-way", "mirror", "pull"]),
  git: v.optional(v.boolean(), false),
  useGitignore: v.boolean(),
  excludePatterns: v.array(text),
  kubeconfig: v.nullable(text),
  session: v.optional(
    v.nullable(v.object({ name: text, uid: text, restoredAt: v.optional(text) })),
    null,
  ),
});

/** The definition of a synchronisation, as it is stored. */
export type SyncRecord = v.InferOutput<typeof recordShape>;

/** The report of a running sync. */
export interface SyncReportFile extends ProcessIdentity, Answers {
  state: SyncState;
}

const reportShape = v.object({
  pid: v.number(),
  processStart: text,
  state: v.looseObject({ phase: text }),
  answered: v.array(text),
  undone: v.optional(v.record(text, text), {}),
});

const requestShape = v.variant("kind", [
  v.object({ kind: v.literal("pause") }),
  v.object({ kind: v.literal("resume"), acceptRemovals: v.boolean() }),
  v.object({ kind: v.literal("flush") }),
  v.object({ kind: v.literal("stop"), forget: v.boolean() }),
]);

/** Returns undefined unless the value is a request. */
export function parseRequest(value: unknown): SyncRequest | undefined {
  const parsed = v.safeParse(requestShape, value);
  return parsed.success ? parsed.output : undefined;
}

/** Paths of the files of a synchronisation. */
export interface SyncPaths extends DaemonPaths {
  /** The sync's definition. */
  record: string;
  /** The ancestor, and the changes to it since. */
  base: string;
  journal: string;
  log: string;
  requests: string;
}

/** A key is a name of a folder. */
const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Returns the folder of all synchronisations. */
export function syncsFolder(configDir: string): string {
  return `${configDir}/sync`;
}

/** Returns the paths of a sync. Throws KodamaError for a key that isn't a valid folder name. */
export function syncPaths(configDir: string, key: string): SyncPaths {
  if (!keyPattern.test(key)) {
    throw new KodamaError("usage", `a sync can't be named "${key}"`, {
      hint: "letters, digits, dots and dashes, at most 200",
    });
  }
  const folder = `${syncsFolder(configDir)}/${key}`;
  return {
    folder,
    record: `${folder}/record.json`,
    report: `${folder}/report.json`,
    lock: `${folder}/lock`,
    startLock: `${folder}/start.lock`,
    base: `${folder}/agreed.jsonl`,
    journal: `${folder}/agreed.journal`,
    log: `${folder}/log.txt`,
    output: `${folder}/crash.txt`,
    requests: `${folder}/requests`,
  };
}

/** Returns the background process of a synchronisation. */
export function syncDaemon(paths: SyncPaths): Daemon<SyncReportFile> {
  return {
    name: `the sync ${paths.folder.slice(paths.folder.lastIndexOf("/") + 1)}`,
    paths,
    folderHint: "KODAMA_CONFIG_DIR names another folder for kodama's own files",
    parse(value) {
      const parsed = v.safeParse(reportShape, value);
      // The other fields are written by this program itself, and replaced atomically.
      return parsed.success ? parsed.output as unknown as SyncReportFile : undefined;
    },
  };
}

/** Returns undefined if there is no record. Throws KodamaError for a record that another version has written. */
export async function readSyncRecord(paths: SyncPaths): Promise<SyncRecord | undefined> {
  const value = await readJsonFile(paths.record);
  if (value === undefined) return undefined;
  const parsed = v.safeParse(recordShape, value);
  if (parsed.success) return parsed.output;
  const later = versionProblem(parsed.issues);
  if (later !== undefined) throw new KodamaError("config", `${paths.record}: ${later}`);
  throw new KodamaError("config", `${paths.record} can't be read by this kodama`, {
    hint: `remove ${paths.folder} to start that sync again: no synchronised file is lost`,
  });
}

/** Returns the differences between two specs, as messages name them. */
export function changedSettings(one: SyncSpec, other: SyncSpec): string[] {
  // A sync that was started by its pod's name may not know that it is a session's.
  const isOther = one.session !== null && other.session !== null &&
    (one.session.uid !== other.session.uid || one.session.restoredAt !== other.session.restoredAt);
  const parts: (readonly [string, unknown, unknown])[] = [
    ["the local folder", one.local, other.local],
    ["the session", isOther, false],
    ["the pod", Object.values(one.target).join("/"), Object.values(other.target).join("/")],
    ["the remote folder", one.remotePath, other.remotePath],
    ["the mode", one.mode, other.mode],
    ["the ignored paths", one.git, other.git],
    ["the ignored paths", one.useGitignore, other.useGitignore],
    ["the ignored paths", one.excludePatterns.join("\n"), other.excludePatterns.join("\n")],
  ];
  return [...new Set(parts.flatMap(([name, left, right]) => left === right ? [] : [name]))];
}
