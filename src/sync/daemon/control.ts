/** The synchronisations of this machine, each in a process of its own. */
import { action, hint, option } from "../../base/hint.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import {
  daemonStatus,
  type DaemonWait,
  makeFolder,
  startDaemon,
  stopDaemon,
  unwritable,
} from "../../daemon/daemon.ts";
import { isLocked } from "../../daemon/file_lock.ts";
import { ask, sendRequest } from "../../daemon/requests.ts";
import { foldersIn, removeFolder, replaceFile } from "../../files/own_files.ts";
import { firstState } from "../engine/status.ts";
import { wholeOf } from "../local/whole_folder.ts";
import { Bin, binsIn } from "../local/bin.ts";
import { forgetAgreed } from "../local/ancestor_files.ts";
import type { SyncControl, SyncReport, SyncRequest, SyncSpec } from "./model.ts";
import {
  changedSettings,
  readSyncRecord,
  syncDaemon,
  type SyncPaths,
  syncPaths,
  type SyncRecord,
  syncsFolder,
} from "./record.ts";

/** How the process of a key is started. */
interface SyncControlOptions {
  configDir: string;
  /** Returns the command that runs it: program first. */
  command: (key: string, record: SyncRecord) => readonly string[];
  /** The user's home folder. */
  home: string | undefined;
  /** Variables that it gets in addition to those of this process. */
  environment: Readonly<Record<string, string>>;
  clock: Clock;
}

/**
 * A process that doesn't start, or doesn't answer, within these times is broken; a pod that can't be reached may come
 * back within the time of an answer.
 */
const limitsMs = { start: 15_000, answer: 30_000, stop: 10_000 };

/** Returns control over the files of the configuration folder. */
export function syncControl(options: SyncControlOptions): SyncControl {
  const pathsOf = (key: string) => syncPaths(options.configDir, key);
  return {
    keys: () => foldersIn(syncsFolder(options.configDir)),
    read: (key) => readReport(pathsOf(key)),
    start: (spec, signal) => start(options, spec, signal),
    ask: (key, request, signal) => send(pathsOf(key), request, { clock: options.clock, signal }),
    wholeOf: (folder) => wholeOf(folder, options.home),
    bins: () => binsIn(options.configDir),
    undo: ({ folder, local }) => Promise.resolve(new Bin(folder, () => new Date()).undo(local)),
    async forget(key) {
      const { folder, lock } = pathsOf(key);
      if (await isLocked(lock)) throw new KodamaError("conflict", `the sync ${key} still runs`);
      await removeFolder(folder);
    },
  };
}

async function readReport(paths: SyncPaths): Promise<SyncReport | undefined> {
  const record = await readSyncRecord(paths);
  if (record === undefined) return undefined;
  const { version: _version, id: _id, ...spec } = record;
  const { phase, report } = await daemonStatus(syncDaemon(paths));
  // A process of an earlier version doesn't report everything.
  const state = { ...firstState(spec.mode, Date.now()), ...report?.state, mode: spec.mode };
  if (phase === "running") return { spec, pid: report?.pid ?? null, state, log: paths.log };
  // A process that ends by itself reports it last.
  const isKilled = report !== undefined && report.state.phase !== "stopped";
  const ended = isKilled
    ? { phase: "killed" as const, reason: "its process was killed" }
    : { phase: "stopped" as const };
  return { spec, pid: null, state: { ...state, ...ended }, log: paths.log };
}

async function start(
  { configDir, command, environment, clock }: SyncControlOptions,
  spec: SyncSpec,
  signal: AbortSignal,
): Promise<"started" | "joined"> {
  const paths = syncPaths(configDir, spec.key);
  const stored = await readSyncRecord(paths);
  const changes = stored === undefined ? [] : changedSettings(stored, spec);
  if (await isLocked(paths.lock)) {
    if (changes.length === 0) return "joined";
    throw new KodamaError(
      "conflict",
      `the sync ${spec.key} runs with another setting of ${changes.join(", ")}`,
      {
        hint: hint`end it first: ${
          action("sync.stop", { key: spec.key })
        }; or give this one another ${option("name")}`,
      },
    );
  }
  const daemon = syncDaemon(paths);
  await makeFolder(daemon);
  // The ancestor applies to these two folders only.
  const isMoved = changes.some((one) => /^the (?:local folder|pod|session)$/.test(one));
  const id = stored !== undefined && !isMoved
    ? stored.id
    : crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  if (isMoved) await forgetAgreed(paths);
  const record: SyncRecord = {
    version: 1,
    id,
    ...spec,
    target: { ...spec.target },
    excludePatterns: [...spec.excludePatterns],
    session: spec.session && { ...spec.session },
  };
  await replaceFile(paths.record, `${JSON.stringify(record, null, 2)}\n`).catch((error) => {
    throw unwritable(paths.record, daemon.folderHint, error);
  });
  const starting = startDaemon(daemon, {
    command: command(spec.key, record),
    environment,
    isReady: () => true,
    clock,
    signal,
    timeoutMs: limitsMs.start,
  });
  const events = await Array.fromAsync(starting);
  return events.some(({ kind }) => kind === "joined") ? "joined" : "started";
}

/** Returns false if it doesn't run. */
async function send(
  paths: SyncPaths,
  request: SyncRequest,
  options: Pick<DaemonWait, "clock" | "signal">,
): Promise<boolean> {
  if (!await isLocked(paths.lock)) return false;
  const daemon = syncDaemon(paths);
  if (request.kind === "stop") {
    const stopping = stopDaemon(daemon, {
      ...options,
      timeoutMs: limitsMs.stop,
      request: async () => void await sendRequest(paths.requests, request),
    });
    for await (const _ of stopping);
    return true;
  }
  const end = await ask(daemon, paths.requests, request, {
    ...options,
    timeoutMs: limitsMs.answer,
    // A link that breaks meanwhile ends both phases.
    isWorking: ({ state: { phase } }) => phase === "scanning" || phase === "syncing",
  });
  const state = (await daemonStatus(daemon)).report?.state;
  switch (end.kind) {
    case "done":
    case "exited":
      return true;
    case "undone":
      throw new KodamaError("conflict", `the two sides differ: ${end.reason}`, {
        hint: state?.phase === "halted"
          ? hint`if that is intended: ${action("sync.resume", { acceptRemovals: true })}`
          : hint`${action("sync.status")} has the details`,
      });
    case "timeout": {
      const reason = state?.phase === "waiting" ? `the sync waits: ${state.reason}` : undefined;
      throw new KodamaError("timeout", reason ?? "the sync's process doesn't answer", {
        hint: `its log: ${paths.log}`,
      });
    }
  }
}
