/** The stored state of a synchronisation: a folder of kodama's own, for its owner alone. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import type { SyncSpec } from "../../actions/sync_control.ts";
import type { SyncState } from "../../sync/engine/status.ts";
import { isAbsent } from "../../files/errors.ts";

const text = v.string();

const recordShape = v.object({
  version: v.literal(1),
  /** Distinguishes its files in both folders from those of others. */
  id: v.pipe(text, v.regex(/^[0-9a-f]{12}$/)),
  key: text,
  local: text,
  target: v.object({ context: text, namespace: text, pod: text, container: text }),
  remotePath: text,
  mode: v.picklist(["two-way-safe", "one-way", "mirror", "pull"]),
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

/** The report of a running one. */
export interface SyncReportFile {
  pid: number;
  /** With the pid it identifies one process, even after the pid is reused. */
  processStart: string;
  state: SyncState;
  /** The last requests that are done. */
  answered: readonly string[];
  /** The reasons of those that couldn't be done completely. */
  undone: Readonly<Record<string, string>>;
}

const reportShape = v.object({
  pid: v.number(),
  processStart: text,
  state: v.looseObject({ phase: text }),
  answered: v.array(text),
  undone: v.optional(v.record(text, text), {}),
});

/** Paths of the files of one synchronisation. */
export interface SyncPaths {
  folder: string;
  record: string;
  report: string;
  lock: string;
  base: string;
  journal: string;
  log: string;
  crash: string;
  requests: string;
}

/** A key is a name of a folder. */
const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Returns the folder of all synchronisations. */
export function syncsFolder(configDir: string): string {
  return `${configDir}/sync`;
}

/** Returns the paths of one. Throws KodamaError for a key that isn't a valid folder name. */
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
    base: `${folder}/agreed.jsonl`,
    journal: `${folder}/agreed.journal`,
    log: `${folder}/log.txt`,
    crash: `${folder}/crash.txt`,
    requests: `${folder}/requests`,
  };
}

/** Returns undefined if there is none. Throws KodamaError for one that another version has written. */
export async function readSyncRecord(paths: SyncPaths): Promise<SyncRecord | undefined> {
  const value = await readJson(paths.record);
  if (value === undefined) return undefined;
  const parsed = v.safeParse(recordShape, value);
  if (parsed.success) return parsed.output;
  throw new KodamaError("config", `${paths.record} can't be read by this kodama`, {
    hint: `remove ${paths.folder} to begin that sync anew: nothing of its files is lost`,
  });
}

/** Returns the last report of the process; undefined if there is none, or it is incomplete. */
export async function readSyncReport(paths: SyncPaths): Promise<SyncReportFile | undefined> {
  const parsed = v.safeParse(reportShape, await readJson(paths.report));
  // The other fields are written by this program itself, and replaced atomically.
  return parsed.success ? parsed.output as unknown as SyncReportFile : undefined;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Replaces a file atomically. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  await Deno.writeTextFile(temporary, content, { mode: 0o600 });
  await Deno.rename(temporary, path);
}

/** Returns the differences of two specs, as text. */
export function differences(one: SyncSpec, other: SyncSpec): string[] {
  // One that was started by its pod's name may not know that it is a session's.
  const isOther = one.session !== null && other.session !== null &&
    (one.session.uid !== other.session.uid || one.session.restoredAt !== other.session.restoredAt);
  const parts: (readonly [string, unknown, unknown])[] = [
    ["the folder here", one.local, other.local],
    ["the session", isOther, false],
    ["the pod", Object.values(one.target).join("/"), Object.values(other.target).join("/")],
    ["the folder there", one.remotePath, other.remotePath],
    ["the mode", one.mode, other.mode],
    ["what is left out", one.useGitignore, other.useGitignore],
    ["what is left out", one.excludePatterns.join("\n"), other.excludePatterns.join("\n")],
  ];
  return [...new Set(parts.flatMap(([name, left, right]) => left === right ? [] : [name]))];
}
