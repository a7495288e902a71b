/**
 * Processes in the background, each known by its folder. It holds a lock for as long as it runs, and stores a report
 * of its state that others read. This is the side of those others: status, start, stop.
 */
import { delay } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { commandMark } from "../base/command_mark.ts";
import { KodamaError } from "../base/errors.ts";
import { fileError } from "../files/errors.ts";
import { readJsonFile, removeFile, removeFolder } from "../files/own_files.ts";
import { type FileLock, isLocked, tryFileLock } from "./file_lock.ts";
import { isAlive, type ProcessIdentity, signalProcess } from "./process_identity.ts";

/** A process in the background, whether it runs or not. */
export interface Daemon<Report extends ProcessIdentity> {
  /** As messages name it: `the cluster`. */
  name: string;
  paths: DaemonPaths;
  /** The way out if the folder can't be written. */
  folderHint: string;
  /** Returns undefined for a report that another version has written. */
  parse(value: unknown): Report | undefined;
}

/** Absolute paths of a daemon's files. */
export interface DaemonPaths {
  folder: string;
  report: string;
  /** Held by the process until it exits. */
  lock: string;
  /** Held by a caller while it starts the process. */
  startLock: string;
  /** The standard output and error of the process. */
  output: string;
  /** The folder of the requests to it, if it takes any: see `requests.ts`. */
  requests?: string;
}

/** Whether a daemon runs. */
interface DaemonStatus<Report> {
  phase: "running" | "stopped";
  /** Absent until the first report of a running process. Of a stopped process: the last report. */
  report?: Report;
}

/** The options of every wait. */
export interface DaemonWait {
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
}

/** How a daemon is started. */
interface DaemonStart<Report> extends DaemonWait {
  /** The command that serves it: program first. */
  command: readonly string[];
  /** Variables in addition to those of this process. */
  environment?: Readonly<Record<string, string>>;
  /** Returns whether the wait for the process is over. */
  isReady(report: Report): boolean;
  /** Returns the missing parts, for the message of a timeout. */
  missing?(report: Report | undefined): string;
}

type DaemonStartEvent<Report> =
  | { kind: "starting" }
  /** The process runs already, or another start is under way, for which this start waits. */
  | { kind: "joined" }
  /** Its report has changed. */
  | { kind: "report"; report: Report };

/** The events of a stop. */
export type DaemonStopEvent =
  | { kind: "stopping"; pid: number }
  /** The process did not exit in time, and was killed. */
  | { kind: "killed"; pid: number };

const pollMs = 20;

/** Returns the state of a daemon, read from its folder. */
export async function daemonStatus<Report extends ProcessIdentity>(
  daemon: Daemon<Report>,
): Promise<DaemonStatus<Report>> {
  // In this order: a process stores its last report before it releases the lock.
  const phase = await isLocked(daemon.paths.lock) ? "running" : "stopped";
  const report = await reportOf(daemon);
  return report === undefined ? { phase } : { phase, report };
}

async function reportOf<Report extends ProcessIdentity>(
  { paths, parse }: Daemon<Report>,
): Promise<Report | undefined> {
  const value = await readJsonFile(paths.report);
  return value === undefined ? undefined : parse(value);
}

/**
 * Makes this process the daemon's. Returns undefined if another process is.
 *
 * The files of the last process are removed here: later, once this process has reported, a request may be to it.
 */
export async function becomeDaemon({ paths }: { paths: DaemonPaths }): Promise<
  FileLock | undefined
> {
  const lock = await tryFileLock(paths.lock);
  if (lock === undefined) return undefined;
  await removeFile(paths.report);
  if (paths.requests !== undefined) await removeFolder(paths.requests);
  return lock;
}

/** Creates the daemon's folder, for its owner alone. Throws KodamaError `environment`. */
export async function makeFolder(
  { paths: { folder }, folderHint }: Pick<Daemon<never>, "paths" | "folderHint">,
): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, folderHint, error);
  }
}

/** Returns the error of a daemon's file that can't be written. */
export function unwritable(path: string, folderHint: string, error: unknown): unknown {
  const cause = fileError(`cannot write ${path}`, error);
  if (!(cause instanceof KodamaError)) return cause;
  return new KodamaError("environment", cause.message, {
    hint: cause.hint ?? folderHint,
    cause: error,
  });
}

/**
 * Starts a process in the background and waits until it is ready; a process that runs already is joined. Returns its
 * report. If the wait ends early, the process that this call started ends too.
 *
 * @throws KodamaError `environment` if the folder can't be written, or with the last lines of its output if the process
 * exits early; `timeout`; `cancelled`.
 */
export async function* startDaemon<Report extends ProcessIdentity>(
  daemon: Daemon<Report>,
  options: DaemonStart<Report>,
): AsyncGenerator<DaemonStartEvent<Report>, Report> {
  const { paths, folderHint } = daemon;
  await makeFolder(daemon);
  using starting = await tryFileLock(paths.startLock);
  if (starting === undefined || await isLocked(paths.lock)) {
    yield { kind: "joined" };
    return yield* untilReady(daemon, options, undefined);
  }
  yield { kind: "starting" };
  await removeFile(paths.report);
  await reserveOutput(paths.output, folderHint);
  const child = startBackground({
    args: options.command,
    output: paths.output,
    folder: paths.folder,
    environment: options.environment ?? {},
  });
  let ready = false;
  try {
    const report = yield* untilReady(daemon, options, child);
    ready = true;
    return report;
  } finally {
    // The caller stopped listening, or it failed: no half-started process may remain.
    if (!ready) await child.stop();
    child.release();
  }
}

/** The size of the first lines of an output. */
const firstLinesBytes = 4096;

/** A full disk is detected here, and not by an output that stays empty. */
async function reserveOutput(path: string, folderHint: string): Promise<void> {
  try {
    await Deno.writeFile(path, new Uint8Array(firstLinesBytes), { mode: 0o600 });
    await Deno.truncate(path);
  } catch (error) {
    throw unwritable(path, folderHint, error);
  }
}

async function* untilReady<Report extends ProcessIdentity>(
  daemon: Daemon<Report>,
  options: DaemonStart<Report>,
  child: BackgroundProcess | undefined,
): AsyncGenerator<DaemonStartEvent<Report>, Report> {
  const { clock, isReady } = options;
  const deadlineMs = clock.elapsedMs() + options.timeoutMs;
  let last = "";
  let hasExited = false;
  child?.ended.then(() => hasExited = true);
  for (;;) {
    // Checked before the report is read: its last report counts.
    const isOver = child === undefined ? await hasNoProcess(daemon) : hasExited;
    const report = await reportOf(daemon);
    const text = JSON.stringify(report);
    if (!isOver && report !== undefined && text !== last) {
      // A start that is joined may not have removed the report of a process that was killed yet.
      if (child !== undefined || await isAlive(report)) {
        last = text;
        yield { kind: "report", report };
        if (isReady(report)) return report;
      }
    }
    if (isOver) throw await exitedEarly(daemon);
    if (clock.elapsedMs() > deadlineMs) throw await notReady(daemon, options.missing?.(report));
    await pause(daemon, options);
  }
}

/** For a start that joined another start: that start gave up, or the process has exited. */
async function hasNoProcess({ paths }: { paths: DaemonPaths }): Promise<boolean> {
  return !await isLocked(paths.startLock) && !await isLocked(paths.lock);
}

/** Waits for a poll interval. Throws KodamaError `cancelled` if the signal aborts. */
export async function pause(
  { name }: { name: string },
  { clock, signal }: Pick<DaemonWait, "clock" | "signal">,
): Promise<void> {
  try {
    await delay(clock, pollMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new KodamaError("cancelled", `stopped while waiting for ${name}`);
  }
}

/** Lines of output that an error shows. */
const shownLines = 12;

async function exitedEarly(
  { name, paths: { output } }: { name: string; paths: DaemonPaths },
): Promise<KodamaError> {
  const lines = await lastLines(output, shownLines);
  const shown = lines.length === 0 ? "without any output" : `its last output:\n${lines.join("\n")}`;
  return new KodamaError("environment", `${name} exited before it was ready; ${shown}`, {
    hint: `all of its output: ${output}`,
  });
}

async function notReady(
  { name, paths: { output } }: { name: string; paths: DaemonPaths },
  missing: string | undefined,
): Promise<KodamaError> {
  const lines = await lastLines(output, shownLines);
  const problem = `${name} did not become ready in time${missing ? `: ${missing}` : ""}`;
  return new KodamaError("timeout", [problem, ...lines].join("\n"), {
    hint: `all of its output: ${output}`,
  });
}

/**
 * Returns the state of a daemon that can be asked for something: a process that has just started is about to report.
 *
 * @throws KodamaError `timeout` if it doesn't report; `cancelled`.
 */
export async function reportedStatus<Report extends ProcessIdentity>(
  daemon: Daemon<Report>,
  options: DaemonWait,
): Promise<DaemonStatus<Report>> {
  const { clock, timeoutMs } = options;
  const deadlineMs = clock.elapsedMs() + timeoutMs;
  for (;;) {
    const status = await daemonStatus(daemon);
    if (status.phase === "stopped" || status.report !== undefined) return status;
    if (clock.elapsedMs() > deadlineMs) throw await notReady(daemon, "it reports nothing");
    await pause(daemon, options);
  }
}

/**
 * Ends a daemon, and waits until its process has exited. Returns its last report; undefined if none ran. Only the
 * process that reported is ever signalled.
 *
 * @param request asks it to end; SIGTERM if it is absent.
 */
export async function* stopDaemon<Report extends ProcessIdentity>(
  daemon: Daemon<Report>,
  { request, ...options }: DaemonWait & { request?: () => Promise<void> },
): AsyncGenerator<DaemonStopEvent, Report | undefined> {
  const { clock, timeoutMs } = options;
  const deadlineMs = clock.elapsedMs() + timeoutMs;
  const { phase, report } = await reportedStatus(daemon, options);
  if (phase === "stopped" || report === undefined) return undefined;
  if (request === undefined) await signalProcess(report, "SIGTERM");
  else await request();
  yield { kind: "stopping", pid: report.pid };
  let killedAtMs: number | undefined;
  while (await isLocked(daemon.paths.lock) || await isAlive(report)) {
    if (killedAtMs === undefined && clock.elapsedMs() > deadlineMs) {
      killedAtMs = clock.elapsedMs();
      await signalProcess(report, "SIGKILL");
      yield { kind: "killed", pid: report.pid };
    } else if (killedAtMs !== undefined && clock.elapsedMs() > killedAtMs + timeoutMs) {
      throw new KodamaError("conflict", `${daemon.name} runs in another process than it reported`, {
        hint: `look for a process of kodama that has ${daemon.paths.lock} open, and end it`,
      });
    }
    await pause(daemon, options);
  }
  return report;
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

/* Starts a process that outlives this process. */

/**
 * The file is readable for its owner only, whatever file was there before; the process has the usual umask, and doesn't
 * end with the command of a workflow that starts it.
 */
const intoOwnFile = `rm -f "$0"; (umask 077; : >"$0"); unset ${commandMark}; exec "$@" >>"$0" 2>&1`;

/** A command to run in the background. */
interface BackgroundCommand {
  /** The program first. */
  args: readonly string[];
  /** Path of the file for its output. */
  output: string;
  /** The working directory, which must exist for as long as the process runs. */
  folder: string;
  /** Variables in addition to those of this process. */
  environment: Readonly<Record<string, string>>;
}

/** A process in the background, as its parent sees it. */
interface BackgroundProcess {
  /** Resolves when it has exited. */
  readonly ended: Promise<void>;
  /** Sends SIGTERM, and resolves when it has exited. */
  stop(): Promise<void>;
  /** Stops this process from waiting for its end. */
  release(): void;
}

/** Starts a process in a session of its own: neither Ctrl-C nor the end of this terminal reaches it. */
export function startBackground(
  { args, output, folder, environment }: BackgroundCommand,
): BackgroundProcess {
  const child = new Deno.Command("sh", {
    args: ["-c", intoOwnFile, output, ...args],
    cwd: folder,
    env: { ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  let over = false;
  const ended = child.status.then(() => {
    over = true;
  });
  return {
    ended,
    async stop() {
      if (!over) child.kill("SIGTERM");
      await ended;
    },
    release: () => child.unref(),
  };
}
