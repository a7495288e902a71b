/** The synchronisations of this machine, as the actions use them. */
import type { SyncControl, SyncReport, SyncRequest, SyncSpec } from "../../actions/sync_control.ts";
import { KodamaError } from "../../base/errors.ts";
import { startBackground } from "../../daemon/background_process.ts";
import { isLocked } from "../../daemon/file_lock.ts";
import { signalProcess } from "../../daemon/process_identity.ts";
import { firstState } from "../../sync/engine/status.ts";
import { fileError, isAbsent } from "../../files/errors.ts";
import { forgetAgreed } from "../../sync/local/ancestor_files.ts";
import { leaveRequest } from "./requests.ts";
import {
  differences,
  readSyncRecord,
  readSyncReport,
  replaceFile,
  type SyncPaths,
  syncPaths,
  type SyncRecord,
  type SyncReportFile,
  syncsFolder,
} from "./sync_folder.ts";

/** How the process of a key is started. */
export interface SyncControlOptions {
  configDir: string;
  /** Returns the command that runs it: program first. */
  command: (key: string, record: SyncRecord) => readonly string[];
  /** Variables that it gets in addition to those of this process. */
  environment: Readonly<Record<string, string>>;
}

const pollMs = 20;
/** A process that doesn't start, or doesn't answer, within these times is broken. */
const limitsMs = { start: 15_000, answer: 120_000, stop: 10_000 };

/** Returns control over the files of the configuration folder. */
export function syncControl(options: SyncControlOptions): SyncControl {
  const pathsOf = (key: string) => syncPaths(options.configDir, key);
  return {
    keys: () => keysIn(syncsFolder(options.configDir)),
    read: (key) => readReport(pathsOf(key)),
    start: (spec, signal) => start(options, spec, signal),
    ask: (key, request, signal) => ask(pathsOf(key), request, signal),
    async forget(key) {
      const { folder, lock } = pathsOf(key);
      if (await isLocked(lock)) throw new KodamaError("conflict", `the sync ${key} still runs`);
      await Deno.remove(folder, { recursive: true }).catch(ignoreAbsent);
    },
  };
}

async function keysIn(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function readReport(paths: SyncPaths): Promise<SyncReport | undefined> {
  const record = await readSyncRecord(paths);
  if (record === undefined) return undefined;
  const { version: _version, id: _id, ...spec } = record;
  // In this order: a process reports its end before it releases the lock.
  const runs = await isLocked(paths.lock);
  const report = await readSyncReport(paths);
  const state = { ...(report?.state ?? firstState(spec.mode, Date.now())), mode: spec.mode };
  if (runs) return { spec, pid: report?.pid ?? null, state, log: paths.log };
  // A process that ends by itself reports it last.
  const isKilled = report !== undefined && report.state.phase !== "stopped";
  const ended = isKilled
    ? { phase: "killed" as const, reason: "its process was killed" }
    : { phase: "stopped" as const };
  return { spec, pid: null, state: { ...state, ...ended }, log: paths.log };
}

async function start(
  { configDir, command, environment }: SyncControlOptions,
  spec: SyncSpec,
  signal: AbortSignal,
): Promise<"started" | "joined"> {
  const paths = syncPaths(configDir, spec.key);
  const kept = await readSyncRecord(paths);
  const runs = await isLocked(paths.lock);
  const changes = kept === undefined ? [] : differences(kept, spec);
  if (runs && changes.length === 0) return "joined";
  if (runs) {
    throw new KodamaError(
      "conflict",
      `a sync ${spec.key} runs with another setting of ${changes.join(", ")}`,
      {
        hint: `end it first: kodama sync stop ${spec.key}; or give this one another --name`,
      },
    );
  }
  await Deno.mkdir(paths.folder, { recursive: true, mode: 0o700 }).catch((error) => {
    throw unkept(paths.folder, error);
  });
  // The ancestor applies to these two folders only.
  const moved = changes.some((one) => /^the (?:folder|pod$|session$)/.test(one));
  const id = kept !== undefined && !moved
    ? kept.id
    : crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  if (moved) await forgetAgreed(paths);
  const record: SyncRecord = {
    version: 1,
    id,
    ...spec,
    target: { ...spec.target },
    excludePatterns: [...spec.excludePatterns],
    session: spec.session && { ...spec.session },
  };
  await replaceFile(paths.record, `${JSON.stringify(record, null, 2)}\n`).catch((error) => {
    throw unkept(paths.record, error);
  });
  await Deno.remove(paths.report).catch(ignoreAbsent);
  const words = command(spec.key, record);
  const child = startBackground({ words, output: paths.crash, folder: paths.folder, environment });
  let ended = false;
  child.ended.then(() => ended = true);
  try {
    for (const until = Date.now() + limitsMs.start; Date.now() < until;) {
      if (await readSyncReport(paths) !== undefined) return "started";
      if (ended) break;
      await pause(signal);
    }
  } finally {
    child.release();
  }
  throw await didNotStart(paths, spec.key);
}

/** Returns the error of a sync whose own files can't be written. */
function unkept(path: string, error: unknown): unknown {
  const told = fileError(`cannot write ${path}`, error);
  if (!(told instanceof KodamaError)) return told;
  return new KodamaError("environment", told.message, {
    hint: told.hint ?? "KODAMA_CONFIG_DIR names another folder for what kodama keeps",
    cause: error,
  });
}

async function didNotStart(paths: SyncPaths, key: string): Promise<KodamaError> {
  const said = (await Deno.readTextFile(paths.crash).catch(() => "")).trim();
  const words = said.split("\n").slice(0, 5).join("\n");
  return new KodamaError(
    "environment",
    `the process of the sync ${key} ended at once\n${words}`.trim(),
    {
      hint: `what it said: ${paths.crash}`,
    },
  );
}

async function ask(paths: SyncPaths, request: SyncRequest, signal: AbortSignal): Promise<boolean> {
  if (!await isLocked(paths.lock)) return false;
  const before = await readSyncReport(paths);
  const id = await leaveRequest(paths.requests, request);
  const isStop = request.kind === "stop";
  const limitMs = isStop ? limitsMs.stop : limitsMs.answer;
  for (const until = Date.now() + limitMs; Date.now() < until;) {
    if (!await isLocked(paths.lock)) return true;
    const report = isStop ? undefined : await readSyncReport(paths);
    if (report?.answered.includes(id) === true) {
      const reason = report.undone[id];
      if (reason === undefined) return true;
      throw notAllDone(report, reason);
    }
    await pause(signal);
  }
  if (isStop && before !== undefined) {
    await signalProcess(before, "SIGKILL");
    while (await isLocked(paths.lock)) await pause(signal);
    return true;
  }
  const state = (await readSyncReport(paths))?.state;
  const waits = state?.phase === "waiting" ? `the sync waits: ${state.reason}` : undefined;
  throw new KodamaError("timeout", waits ?? "the sync's process doesn't answer", {
    hint: `its log: ${paths.log}`,
  });
}

function notAllDone({ state }: SyncReportFile, reason: string): KodamaError {
  return new KodamaError("conflict", `not all is on both sides: ${reason}`, {
    hint: state.phase === "halted"
      ? "if that is meant: kodama sync resume --accept-emptied"
      : "kodama sync status says more",
  });
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, pollMs));
  if (signal.aborted) throw new KodamaError("cancelled", "stopped while waiting for the sync");
}

function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
