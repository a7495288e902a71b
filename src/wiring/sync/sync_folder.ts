/** Where a synchronisation keeps what it knows: a folder of kodama's own, for its owner alone. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import type { SyncSpec } from "../../actions/sync/control.ts";
import type { SyncState } from "../../sync/engine/status.ts";
import { isAbsent } from "../files.ts";

const text = v.string();

const recordShape = v.object({
  version: v.literal(1),
  /** Tells its files in both folders from those of others. */
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

/** What a synchronisation is, as it is kept. */
export type SyncRecord = v.InferOutput<typeof recordShape>;

/** What a running one tells. */
export interface SyncReportFile {
  pid: number;
  /** With the pid it names one process for good. */
  processStart: string;
  state: SyncState;
  /** Requests that are done, the last of them. */
  answered: readonly string[];
  /** Of those that couldn't be done as a whole, why. */
  undone: Readonly<Record<string, string>>;
}

const reportShape = v.object({
  pid: v.number(),
  processStart: text,
  state: v.looseObject({ phase: text }),
  answered: v.array(text),
  undone: v.optional(v.record(text, text), {}),
});

/** Paths of the parts of one folder. */
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

/** The folder of all. */
export function syncsFolder(configDir: string): string {
  return `${configDir}/sync`;
}

/** The paths of one. Throws KodamaError for a key that can't be a name of a folder. */
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

/** Undefined where there is none. Throws KodamaError for one that another version has written. */
export async function readSyncRecord(paths: SyncPaths): Promise<SyncRecord | undefined> {
  const value = await readJson(paths.record);
  if (value === undefined) return undefined;
  const parsed = v.safeParse(recordShape, value);
  if (parsed.success) return parsed.output;
  throw new KodamaError("config", `${paths.record} can't be read by this kodama`, {
    hint: `remove ${paths.folder} to begin that sync anew: nothing of its files is lost`,
  });
}

/** What the process told last; undefined where there is nothing whole. */
export async function readSyncReport(paths: SyncPaths): Promise<SyncReportFile | undefined> {
  const parsed = v.safeParse(reportShape, await readJson(paths.report));
  // The rest of the state is this program's own writing, replaced in one step.
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

/** Replaces a file in one step. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  await Deno.writeTextFile(temporary, content, { mode: 0o600 });
  await Deno.rename(temporary, path);
}

/** What of two specs isn't the same, in words. */
export function differences(one: SyncSpec, other: SyncSpec): string[] {
  // One that was begun by its pod's name may not know that it is a session's.
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
