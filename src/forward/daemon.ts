/** Forwards in the background: each set has a name, a folder with the args that started it, and a process. */
import * as v from "valibot";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { optionalFileVersion, versionProblem } from "../base/file_version.ts";
import {
  becomeDaemon,
  type Daemon,
  type DaemonPaths,
  daemonStatus,
  makeFolder,
  startDaemon,
  stopDaemon,
  unwritable,
} from "../daemon/daemon.ts";
import { isLocked, underLock } from "../daemon/file_lock.ts";
import type { ProcessIdentity } from "../daemon/process_identity.ts";
import { ownIdentity, ReportWriter } from "../daemon/report_writer.ts";
import { foldersIn, readJsonFile, removeFolder, replaceFile } from "../files/own_files.ts";

/** A set's definition, as it is stored. */
export interface ForwardSet {
  name: string;
  /** The args of `kodama forward`. Paths among them are absolute. */
  args: readonly string[];
  /** The uid of the session that it belongs to. */
  owner?: string;
}

/** The state of a set's process, as it reports it. */
interface ForwardState {
  /** ISO 8601. */
  startedAt: string;
  /** A row for each forward, as published data. */
  forwards: readonly Record<string, unknown>[];
  /** The last messages of the process. */
  lines: readonly string[];
}

/** A set, and its process if it runs. */
export interface ForwardReport extends ForwardSet {
  phase: "running" | "stopped";
  pid: number | null;
  /** The last known state; absent if it never ran. */
  state?: ForwardState;
}

interface ReportFile extends ProcessIdentity {
  isReady: boolean;
  state: ForwardState;
}

/** Forwards in the background on this machine. */
export interface ForwardControl {
  /** Returns the names of all stored sets, running or not, sorted. */
  names(): Promise<readonly string[]>;
  /** Returns undefined if there is none of the name. */
  read(name: string): Promise<ForwardReport | undefined>;
  /**
   * Starts a set, and waits until its ports are open.
   *
   * @throws KodamaError `conflict` if another running set has the name; `environment` with the report of the process,
   * if it exits.
   */
  start(set: ForwardSet, signal: AbortSignal): Promise<ForwardReport>;
  /** Ends its process. Returns false if none runs. */
  stop(name: string, signal: AbortSignal): Promise<boolean>;
  /** Stores a set that ran in the foreground, as the last of at most ten. */
  remember(set: ForwardSet): Promise<void>;
  /** Returns the sets that ran in the foreground, the last set first. */
  recent(): Promise<readonly ForwardSet[]>;
  /** Removes the files of a set that doesn't run. */
  forget(name: string): Promise<void>;
  /** Makes this process that of a set: `serve` gets the args, and reports the state until it ends. */
  serve(
    name: string,
    serve: (
      args: readonly string[],
      report: (state: Partial<ForwardState> & { isReady?: boolean }) => void,
    ) => Promise<void>,
  ): Promise<void>;
}

/** How the process of a set is started. */
interface ForwardControlOptions {
  configDir: string;
  clock: Clock;
  /** Returns the command that serves a set: program first. */
  command: (name: string) => readonly string[];
  /** Variables that it gets in addition to those of this process. */
  environment: Readonly<Record<string, string>>;
}

/** Forwards of the foreground that are remembered. */
const maxRecent = 10;

/** A process that isn't ready, or doesn't end, within these times is broken. */
const limitsMs = { start: 60_000, stop: 10_000 };

/** A name is that of a folder. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Returns control over the sets of a configuration folder. */
export function forwardControl(options: ForwardControlOptions): ForwardControl {
  const { configDir, clock } = options;
  const daemonOf = (name: string) => forwardDaemon(configDir, name);
  return {
    names: async () =>
      (await foldersIn(`${configDir}/forwards`)).filter((name) => namePattern.test(name)),
    read: (name) => read(daemonOf(name), name),
    start: (set, signal) => start(options, set, signal),
    async stop(name, signal) {
      const stopping = stopDaemon(daemonOf(name), { clock, signal, timeoutMs: limitsMs.stop });
      for (;;) {
        const { done, value } = await stopping.next();
        if (done === true) return value !== undefined;
      }
    },
    async forget(name) {
      const { paths } = daemonOf(name);
      if (await isLocked(paths.lock)) {
        throw new KodamaError("conflict", `the forwards ${name} still run`);
      }
      await removeFolder(paths.folder);
    },
    remember: (set) => remember(configDir, set),
    recent: () => recent(configDir),
    serve: (name, served) => serve(daemonOf(name), { name, clock, served }),
  };
}

async function serve(
  daemon: Daemon<ReportFile>,
  { name, clock, served }: {
    name: string;
    clock: Clock;
    served: Parameters<ForwardControl["serve"]>[1];
  },
): Promise<void> {
  const set = await readSet(daemon.paths);
  if (set === undefined) throw new KodamaError("notFound", `there is no set of forwards "${name}"`);
  using lock = await becomeDaemon(daemon);
  if (lock === undefined) throw new KodamaError("conflict", `the forwards ${name} run already`);
  await using report = new ReportWriter<ReportFile>(daemon.paths.report, clock, {
    ...await ownIdentity(),
    isReady: false,
    state: { startedAt: clock.now().toISOString(), forwards: [], lines: [] },
  });
  report.update({});
  await served(set.args, ({ isReady, ...state }) =>
    report.update({
      state: { ...report.report.state, ...state },
      ...(isReady === undefined ? {} : { isReady }),
    }));
}

async function start(
  { configDir, clock, command, environment }: ForwardControlOptions,
  set: ForwardSet,
  signal: AbortSignal,
): Promise<ForwardReport> {
  const daemon = forwardDaemon(configDir, set.name);
  const { paths } = daemon;
  const stored = await readSet(paths);
  const isSame = stored !== undefined && sameArgs(stored, set);
  if (!isSame && await isLocked(paths.lock)) {
    throw new KodamaError("conflict", `other forwards run under the name ${set.name}`);
  }
  await makeFolder(daemon);
  await replaceFile(recordPath(paths), `${JSON.stringify({ version: 1, ...set }, null, 2)}\n`)
    .catch((error: unknown) => {
      throw unwritable(recordPath(paths), daemon.folderHint, error);
    });
  const starting = startDaemon(daemon, {
    command: command(set.name),
    environment,
    isReady: ({ isReady }) => isReady,
    clock,
    signal,
    timeoutMs: limitsMs.start,
  });
  await Array.fromAsync(starting);
  return await read(daemon, set.name) ??
    { ...set, phase: "stopped", pid: null };
}

async function read(
  daemon: Daemon<ReportFile>,
  name: string,
): Promise<ForwardReport | undefined> {
  const set = await readSet(daemon.paths);
  if (set === undefined) return undefined;
  const { phase, report } = await daemonStatus(daemon);
  return {
    ...set,
    name,
    phase,
    pid: phase === "running" ? report?.pid ?? null : null,
    ...(report === undefined ? {} : { state: report.state }),
  };
}

const setShape = v.object({
  name: v.string(),
  args: v.array(v.string()),
  owner: v.exactOptional(v.string()),
});
const recordShape = v.object({ version: optionalFileVersion(1), ...setShape.entries });
const recentShape = v.object({ version: optionalFileVersion(1), sets: v.array(setShape) });

/** Returns undefined if there is none. Throws KodamaError `config` for a file that a later version has written. */
async function readSet(paths: DaemonPaths): Promise<ForwardSet | undefined> {
  const path = recordPath(paths);
  const parsed = v.safeParse(recordShape, await readJsonFile(path));
  if (!parsed.success) {
    const later = versionProblem(parsed.issues);
    if (later !== undefined) throw new KodamaError("config", `${path}: ${later}`);
    return undefined;
  }
  const { version: _, ...set } = parsed.output;
  return set;
}

async function remember(configDir: string, { name, args }: ForwardSet): Promise<void> {
  await Deno.mkdir(`${configDir}/forwards`, { recursive: true, mode: 0o700 });
  await underLock(`${configDir}/.lock`, async () => {
    const known = await readRecent(configDir);
    if (known === "later") return;
    const others = known.filter((one) => !sameArgs(one, { name, args }));
    const sets = [{ name, args }, ...others].slice(0, maxRecent);
    await replaceFile(recentPath(configDir), `${JSON.stringify({ version: 1, sets }, null, 2)}\n`);
  });
}

async function recent(configDir: string): Promise<ForwardSet[]> {
  const known = await readRecent(configDir);
  return known === "later" ? [] : known;
}

/** A file that can't be read is as good as none: it only saves typing. That of a later version stays as it is. */
async function readRecent(configDir: string): Promise<ForwardSet[] | "later"> {
  const parsed = v.safeParse(recentShape, await readJsonFile(recentPath(configDir)));
  if (parsed.success) return parsed.output.sets;
  return versionProblem(parsed.issues) === undefined ? [] : "later";
}

function recentPath(configDir: string): string {
  return `${configDir}/forwards/recent.json`;
}

/** Returns whether two sets forward the same. */
export function sameArgs(a: ForwardSet, b: ForwardSet): boolean {
  return JSON.stringify(a.args) === JSON.stringify(b.args);
}

function recordPath({ folder }: DaemonPaths): string {
  return `${folder}/record.json`;
}

/** @throws KodamaError `usage` for a name that can't be that of a folder. */
function forwardDaemon(configDir: string, name: string): Daemon<ReportFile> {
  if (!namePattern.test(name)) {
    throw new KodamaError("usage", `forwards can't be named "${name}"`, {
      hint: "letters, digits, dots and dashes, at most 100",
    });
  }
  const folder = `${configDir}/forwards/${name}`;
  return {
    name: `the forwards ${name}`,
    paths: {
      folder,
      report: `${folder}/report.json`,
      lock: `${folder}/lock`,
      startLock: `${folder}/start.lock`,
      output: `${folder}/output.txt`,
    },
    folderHint: "KODAMA_CONFIG_DIR names another folder for kodama's own files",
    parse(value) {
      const { pid, processStart, state } = (value ?? {}) as Partial<ReportFile>;
      // The other fields are written by this program itself, and replaced atomically.
      const isReport = typeof pid === "number" && typeof processStart === "string" &&
        Array.isArray(state?.forwards) && Array.isArray(state.lines);
      return isReport ? value as ReportFile : undefined;
    },
  };
}
