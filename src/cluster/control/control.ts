/** `cluster up|down|status`: a cluster in the background, identified by its folder. Plain data and events. */
import { KodamaError } from "../../base/errors.ts";
import { delay } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { type BackgroundProcess, startBackground } from "../../daemon/background_process.ts";
import { isLocked, tryFileLock } from "../../daemon/file_lock.ts";
import { isAlive, signalProcess } from "../../daemon/process_identity.ts";
import {
  type ClusterPaths,
  clusterPaths,
  type ClusterRecord,
  readRecord,
  removeFile,
} from "./record.ts";

/** Whether a cluster runs. */
export type ClusterStatus =
  /** `died` is the last process that served it, if that didn't end by a `down`. */
  | { phase: "stopped"; died?: DeadCluster }
  /** `record` is absent at first. */
  | { phase: "starting"; record?: ClusterRecord }
  | { phase: "ready"; record: ClusterRecord };

/** A cluster whose process was killed, or crashed: its record remains. */
export interface DeadCluster {
  record: ClusterRecord;
  /** Absolute path of the file that holds its last output. */
  log: string;
}

/** The progress events of an `up`. The last one is `ready`. */
export type UpEvent =
  | { kind: "starting"; folder: string; world: string }
  /** Another `up` is under way or done already: this one waits for it. */
  | { kind: "joined"; world: string }
  | { kind: "progress"; pods: { ready: number; expected: number } }
  | { kind: "ready"; record: ClusterRecord };

/** The events of a `down`. The last one is `stopped`. */
export type DownEvent =
  | { kind: "stopping"; pid: number }
  /** It did not end in time and was killed. */
  | { kind: "killed"; pid: number }
  /** `ended` is the cluster's last state; absent if none ran. */
  | { kind: "stopped"; ended?: ClusterRecord };

/** The options of all three. */
export interface ControlOptions {
  /** Absolute path of the cluster's folder. */
  folder: string;
  clock: Clock;
  signal: AbortSignal;
}

/** The additional options of {@link clusterUp}. */
export interface UpOptions extends ControlOptions {
  /** As {@link parseWorldChoice} reads it; checked by the caller. */
  world: string;
  /** The command line that runs {@link serveCluster} on the same folder and world: program first. */
  command: readonly string[];
  /** How long it may take to become ready. 120 s if it is absent. */
  timeoutMs?: number;
}

const pollMs = 100;

/** How long a cluster may take to end its pods. */
const stopTimeoutMs = 30_000;

/** Returns the state of a cluster, read from its folder. */
export async function clusterStatus(
  { folder }: Pick<ControlOptions, "folder">,
): Promise<ClusterStatus> {
  const paths = clusterPaths(folder);
  const record = await readRecord(paths);
  if (record !== undefined && await isAlive(record)) return { phase: record.phase, record };
  if (await isLocked(paths.lock)) return { phase: "starting" };
  return record === undefined
    ? { phase: "stopped" }
    : { phase: "stopped", died: { record, log: paths.log } };
}

/**
 * Starts a cluster in the background and waits until it is ready; one that runs already is reported as such. When the
 * signal ends the wait, the cluster that this call started ends too.
 *
 * @throws KodamaError `conflict` if one runs with another world; `environment` without a folder, or with the last lines
 * of the log if it ends early; `timeout`; `cancelled`.
 */
export async function* clusterUp(options: UpOptions): AsyncGenerator<UpEvent, void> {
  const paths = clusterPaths(options.folder);
  await makeFolder(paths.folder);
  using starting = await tryFileLock(paths.startLock);
  const present = await clusterStatus(options);
  if (starting === undefined || present.phase !== "stopped") {
    yield { kind: "joined", world: options.world };
    return yield* untilReady(paths, options, undefined);
  }
  yield { kind: "starting", folder: paths.folder, world: options.world };
  await removeFile(paths.record);
  await beginLog(paths.log);
  const child = startBackground({
    words: options.command,
    output: paths.log,
    folder: paths.folder,
    environment: {},
  });
  let ready = false;
  try {
    yield* untilReady(paths, options, child);
    ready = true;
  } finally {
    // The caller stopped listening, or it failed: no half-started cluster may remain.
    if (!ready) await child.stop();
    child.release();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new KodamaError("environment", `cannot make a folder for the cluster: ${said}`, {
      hint: "KODAMA_CONFIG_DIR or --data names another place",
      cause,
    });
  }
}

/** The size of a log's first lines: a full disk is detected here, and not by a log that stays empty. */
const logRoomBytes = 4096;

async function beginLog(path: string): Promise<void> {
  try {
    await Deno.writeFile(path, new Uint8Array(logRoomBytes), { mode: 0o600 });
    await Deno.truncate(path);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new KodamaError("environment", `cannot write the cluster's log: ${said}`, {
      hint: "KODAMA_CONFIG_DIR or --data names another place",
      cause,
    });
  }
}

async function* untilReady(
  paths: ClusterPaths,
  options: UpOptions,
  child: BackgroundProcess | undefined,
): AsyncGenerator<UpEvent, void> {
  const deadline = options.clock.now().getTime() + (options.timeoutMs ?? 120_000);
  let told = "";
  let hasEnded = false;
  child?.ended.then(() => hasEnded = true);
  while (true) {
    const status = await clusterStatus(options);
    if (status.phase === "ready") {
      if (status.record.world !== options.world) throw otherWorld(status.record, options);
      return yield { kind: "ready", record: status.record };
    }
    if (child === undefined ? await nobodyStarts(paths, status) : hasEnded) {
      throw await endedEarly(paths);
    }
    const pods = status.phase === "starting" ? status.record?.pods : undefined;
    if (pods !== undefined && JSON.stringify(pods) !== told) {
      told = JSON.stringify(pods);
      yield { kind: "progress", pods };
    }
    if (options.clock.now().getTime() > deadline) throw await tooLate(paths, pods);
    await pause(options);
  }
}

/** For an `up` that joined another: the other gave up, or never started a process. */
async function nobodyStarts(paths: ClusterPaths, status: ClusterStatus): Promise<boolean> {
  return status.phase === "stopped" && !await isLocked(paths.startLock);
}

async function pause({ clock, signal }: ControlOptions): Promise<void> {
  try {
    await delay(clock, pollMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new KodamaError("cancelled", "stopped while waiting for the cluster");
  }
}

function otherWorld(record: ClusterRecord, { world }: UpOptions): KodamaError {
  return new KodamaError(
    "conflict",
    `the cluster runs with the world ${record.world}, not with ${world}`,
    { hint: "kodama cluster down, then up again; or --data for a second cluster" },
  );
}

async function endedEarly(paths: ClusterPaths): Promise<KodamaError> {
  const lines = await lastLines(paths.log, 12);
  const said = lines.length === 0 ? "it said nothing" : `its last words:\n${lines.join("\n")}`;
  return new KodamaError("environment", `the cluster ended before it was ready; ${said}`, {
    hint: `the whole log: ${paths.log}`,
  });
}

async function tooLate(
  paths: ClusterPaths,
  pods: ClusterRecord["pods"] | undefined,
): Promise<KodamaError> {
  const state = pods === undefined
    ? "its API server did not answer"
    : `${pods.ready} of ${pods.expected} pods were ready`;
  const lines = await lastLines(paths.log, 12);
  return new KodamaError(
    "timeout",
    [`the cluster did not become ready in time: ${state}`, ...lines].join("\n"),
    { hint: `the whole log: ${paths.log}` },
  );
}

/** Ends the cluster of a folder with all its pods. Only the recorded process is ever signalled. */
export async function* clusterDown(options: ControlOptions): AsyncGenerator<DownEvent, void> {
  const paths = clusterPaths(options.folder);
  const record = await readRecord(paths);
  if (record === undefined || !await signalProcess(record, "SIGTERM")) {
    await forget(paths, record);
    return yield { kind: "stopped" };
  }
  yield { kind: "stopping", pid: record.pid };
  const deadline = options.clock.now().getTime() + stopTimeoutMs;
  while (await isAlive(record)) {
    if (options.clock.now().getTime() > deadline) {
      await signalProcess(record, "SIGKILL");
      yield { kind: "killed", pid: record.pid };
      break;
    }
    await pause(options);
  }
  await forget(paths, record);
  yield { kind: "stopped", ended: record };
}

/** Removes the files that are valid only while it runs. The log remains, to show why it ended. */
async function forget(paths: ClusterPaths, record: ClusterRecord | undefined): Promise<void> {
  await removeFile(paths.record);
  // That of a persistent cluster is valid again at its next start.
  if (record !== undefined && !record.kept) await removeFile(paths.kubeconfig);
}

/** The length of a file's end that is read: lines of a log are short. */
const windowBytes = 16 * 1024;

/** Returns the last non-empty lines of a text file; none if the file doesn't exist. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - windowBytes), Deno.SeekMode.Start);
    const chunk = new Uint8Array(windowBytes);
    let length = 0;
    for (let read = 1; read > 0 && length < windowBytes; length += read) {
      read = await file.read(chunk.subarray(length)) ?? 0;
    }
    const lines = new TextDecoder().decode(chunk.subarray(0, length)).split("\n");
    return lines.filter((line) => line.trim() !== "").slice(-count);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
