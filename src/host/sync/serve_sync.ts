/** The process of one synchronisation: keeps two folders in sync until it is asked to end, or a signal arrives. */
import type { SyncRequest } from "../../actions/sync_control.ts";
import type { Host } from "../../actions/host.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { tryFileLock } from "../../daemon/file_lock.ts";
import type { Ignoring } from "../../sync/core/endpoint.ts";
import { AncestorStore } from "../../sync/engine/ancestor_store.ts";
import { SyncEngine } from "../../sync/engine/engine.ts";
import { FarEnd } from "../../sync/remote/endpoint.ts";
import { forgetCommand } from "../../sync/remote/loop.ts";
import { FarKnowledge } from "../../sync/remote/remote_index.ts";
import { linuxRules } from "../../sync/core/held_paths.ts";
import { ignoringOf } from "../../sync/core/ignoring.ts";
import { nativeChecksums } from "../../copy/local/checksums.ts";
import { forgetAgreed, LocalAncestorFiles } from "../../sync/local/ancestor_files.ts";
import { rulesOfFolder } from "../../sync/local/path_rules.ts";
import { ignoreSources } from "../../sync/local/ignore_sources.ts";
import { LocalFolder } from "../../sync/local/folder.ts";
import { watchFolder } from "../../sync/local/watch.ts";
import { takeRequests } from "./requests.ts";
import {
  readSyncRecord,
  replaceFile,
  type SyncPaths,
  syncPaths,
  type SyncRecord,
  type SyncReportFile,
} from "./sync_folder.ts";
import { watchPulse } from "../../sync/local/watch_heartbeat.ts";
import { Deadline, orAborted } from "../../base/abort.ts";
import { isAbsent } from "../../files/errors.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { ConfigMap } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import { restoredAnnotation } from "../../session/state.ts";
import { PurposeGoneError } from "../../sync/engine/parts.ts";
import { firstState, type SyncState } from "../../sync/engine/status.ts";
import { processStart } from "../../daemon/process_identity.ts";

/** Options of the process. */
export interface ServeSyncOptions {
  configDir: string;
  key: string;
  /** Returns the host with the kubeconfig that the synchronisation was started with. */
  host: (kubeconfig: string | undefined) => Promise<Host>;
  signal: AbortSignal;
}

/** Resolves when it has ended. Throws KodamaError if there is none of the key, or it runs already. */
export async function serveSync({ configDir, key, host, signal }: ServeSyncOptions): Promise<void> {
  const paths = syncPaths(configDir, key);
  const record = await readSyncRecord(paths);
  if (record === undefined) throw new KodamaError("notFound", `there is no sync ${key}`);
  using lock = await tryFileLock(paths.lock);
  if (lock === undefined) throw new KodamaError("conflict", `the sync ${key} runs already`);
  const log = new SyncLog(paths.log);
  log.line(`begins: ${record.local} and ${record.target.pod}:${record.remotePath}`);
  await using report = await ReportKeeper.open(paths);
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort(signal.reason), { once: true });
  using files = new LocalAncestorFiles(paths);
  try {
    const kubeHost = await host(record.kubeconfig ?? undefined);
    await run({ record, host: kubeHost, files, log, report, paths, stop });
  } catch (error) {
    log.line(`ends: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    report.failed(error);
    throw error;
  }
  log.line("ends");
}

interface Parts {
  record: SyncRecord;
  host: Host;
  files: LocalAncestorFiles;
  log: SyncLog;
  report: ReportKeeper;
  paths: SyncPaths;
  stop: AbortController;
}

async function run({ record, host, files, log, report, paths, stop }: Parts): Promise<void> {
  const { local: root, id, mode } = record;
  // A pull may start without a folder here: all of its content comes from the pod.
  if (mode === "pull") await Deno.mkdir(root, { recursive: true });
  const rules = { local: await rulesOfFolder(root, id), remote: linuxRules };
  const local = new LocalFolder(root, id, rules.local);
  const store = await AncestorStore.open(files);
  const knowledge = new FarKnowledge();
  let ignoring: Ignoring | undefined;
  let forgets = false;
  const engine: SyncEngine = new SyncEngine({
    mode,
    local,
    localWatcher: () => watch.by,
    async connect(told, signal) {
      await inTime(systemClock, (own) => requireSession(host, record, own), signal);
      const end = await FarEnd.open({
        open: (command) =>
          inTime(systemClock, (own) => openExec(host, record, command, own), signal),
        root: record.remotePath,
        key: id,
        knowledge,
        native: nativeChecksums,
        clock: systemClock,
        told,
      }, signal);
      local.use(end.digests);
      return end;
    },
    rules,
    store,
    ignoring(fresh) {
      if (!fresh && ignoring !== undefined) return ignoring;
      return ignoring = ignoringOf(ignoreSources(root, record), {
        ignoreCase: rules.local.ignoresCase,
      });
    },
    clock: systemClock,
    told: report.told,
    log: log.line,
  });
  using _requests = takeRequests(paths.requests, {
    async carryOut(id, request) {
      if (request.kind === "stop") {
        forgets = request.forget;
        return stop.abort();
      }
      report.answered(id, await carryOut(request, engine));
    },
    failed: (error) => log.line(`a request failed: ${error}`),
    // The lock and the ancestor are gone with it: a second process could start beside this one.
    gone: () => stop.abort(),
  });
  // Neither is released before the process exits: that would wait for a named pipe that blocks them.
  const watch = watchFolder(root, (news) => engine.localNews(news), () => ignoring);
  watchPulse(paths.requests, {
    everyMs: pulseMs,
    changed(tells) {
      log.line(tells ? "the system tells of changes again" : silentWatcher);
      watch.tells(tells);
    },
  });
  if (await engine.run(stop.signal) === "gone") {
    log.line(`nothing is left to keep alike: ${engine.state.reason}; all that is here stays`);
    files[Symbol.dispose]();
    // It was about the removed workspace: with another one it would imply deletions.
    return await forgetAgreed(paths);
  }
  if (forgets) await forget(host, record).catch((error) => log.line(`not forgotten: ${error}`));
}

const pulseMs = 5_000;
const silentWatcher =
  "the system tells of no changes: they are looked for. A named pipe in the folder does that, until it is removed";

/** Carries it out; returns the reason if some of it isn't done. */
async function carryOut(
  request: Exclude<SyncRequest, { kind: "stop" }>,
  engine: SyncEngine,
): Promise<string | undefined> {
  switch (request.kind) {
    case "pause":
      engine.pause();
      return undefined;
    case "resume":
      engine.resume(request.allowEmptied);
      return undefined;
    case "flush":
      return await engine.flush();
  }
}

/** If a pod doesn't answer within this time, a small folder of kodama's remains there. */
const forgetMs = 5_000;

async function forget(host: Host, record: SyncRecord): Promise<void> {
  const command = forgetCommand({ root: record.remotePath, key: record.id });
  const signal = AbortSignal.timeout(forgetMs);
  await using channel = await openExec(host, record, command, signal);
  for await (const _ of channel.output);
}

async function openExec(
  host: Host,
  { target }: SyncRecord,
  command: readonly string[],
  signal: AbortSignal,
) {
  const client = await host.kube(target.context);
  const { namespace, pod, container } = target;
  const request = { namespace, pod, container, command, stdin: true, tty: false, bulk: true };
  return await client.exec(request, { signal });
}

/* A cluster that accepts a call and doesn't answer is treated like one that isn't there. */

/** Any answer arrives within seconds; a call without one is made again. */
const answerMs = 30_000;

/** Returns the call's result; its signal is for the call alone. Throws KodamaError `timeout` if it doesn't arrive. */
export async function inTime<T>(
  clock: Clock,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  using deadline = new Deadline(clock, answerMs, signal);
  try {
    return await orAborted(call(deadline.signal), deadline.signal);
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError("timeout", `the cluster gave no answer within ${answerMs / 1000}s`);
  }
}

/* A log of a bounded size: when it is full, its older half is removed. */

const mostBytes = 512 * 1024;

/** Lines of one process, each with its time. */
class SyncLog {
  constructor(private readonly path: string) {}

  /** Adds a line. A full disk costs the line, and nothing else. */
  readonly line = (text: string): void => {
    try {
      this.#cut();
      const line = `${new Date().toISOString()} ${text.replaceAll("\n", " ")}\n`;
      Deno.writeTextFileSync(this.path, line, { append: true, create: true, mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  };

  #cut(): void {
    try {
      if (Deno.statSync(this.path).size < mostBytes) return;
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    const text = Deno.readTextFileSync(this.path);
    const half = text.slice(text.indexOf("\n", text.length / 2) + 1);
    Deno.writeTextFileSync(this.path, half);
  }
}

/* Checks whether a synchronisation's session exists: if it was deleted elsewhere, there is nothing to wait for. */

/**
 * Reads the session's state from the cluster, which exists for as long as the session does, whether its pod exists or
 * not. If it can't be read (no connection, no permission) nothing is known, and nothing is concluded.
 *
 * @throws PurposeGoneError if it is gone, another session has its name, or its files were restored from a snapshot: the
 *   ancestor of the previous folder doesn't apply to the current one.
 */
export async function requireSession(
  host: Host,
  { session, target: { context, namespace } }: Pick<SyncRecord, "session" | "target">,
  signal: AbortSignal,
): Promise<void> {
  if (session === null) return;
  const { state } = sessionNames(session.name);
  let uid: string | undefined;
  let restoredAt: string | undefined;
  try {
    const client = await host.kube(context);
    const object = await client.get<ConfigMap>(CONFIG_MAPS, state, { namespace }, { signal });
    uid = object.metadata?.uid;
    restoredAt = object.metadata?.annotations?.[restoredAnnotation];
  } catch (error) {
    if (!(error instanceof KodamaError) || !isGone(error, state)) return;
    throw new PurposeGoneError(`session "${session.name}" was deleted`);
  }
  if (uid === session.uid && restoredAt === session.restoredAt) return;
  if (uid === session.uid) {
    throw new PurposeGoneError(
      `the files of session "${session.name}" were replaced by those of a snapshot; ` +
        `kodama start ${session.name} --sync FOLDER begins it again, and keeps twice what differs`,
    );
  }
  throw new PurposeGoneError(
    `session "${session.name}" was deleted, and another one of its name was begun since`,
  );
}

/** The API's own message: a proxy that finds no API server may answer 404 as well. */
function isGone({ kind, message }: KodamaError, state: string): boolean {
  return kind === "notFound" && message.startsWith(`configmaps "${state}" not found`);
}

/* The report of a synchronisation's process: a file that is replaced, not too often. */

/** Interval between two writes. */
const restMs = 150;
const keptAnswers = 50;

/** Writes the report. Dispose of it at the end: the last state is written then. */
class ReportKeeper implements AsyncDisposable {
  #report: SyncReportFile;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #wroteAtMs = 0;

  private constructor(private readonly path: string, report: SyncReportFile) {
    this.#report = report;
  }

  static async open(paths: Pick<SyncPaths, "report">): Promise<ReportKeeper> {
    const state = firstState("two-way-safe", Date.now());
    const start = await processStart(Deno.pid) ?? "";
    const keeper = new ReportKeeper(paths.report, {
      pid: Deno.pid,
      processStart: start,
      state,
      answered: [],
      undone: {},
    });
    keeper.#write();
    return keeper;
  }

  /** Called when the state has changed. */
  readonly told = (state: SyncState): void => {
    const isPhase = state.phase !== this.#report.state.phase;
    this.#report = { ...this.#report, state };
    this.#write(isPhase);
  };

  /** A request is done; or not completely, for a reason. */
  answered(id: string, reason?: string): void {
    const answered = [...this.#report.answered, id].slice(-keptAnswers);
    const all = { ...this.#report.undone, ...(reason === undefined ? {} : { [id]: reason }) };
    const undone = Object.fromEntries(
      Object.entries(all).filter(([one]) => answered.includes(one)),
    );
    this.#report = { ...this.#report, answered, undone };
    this.#write(true);
  }

  /** It ends because of this error. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const state = { ...this.#report.state, phase: "stopped" as const, reason };
    this.#report = { ...this.#report, state };
  }

  #write(soon = false): void {
    if (this.#timer !== undefined) {
      if (!soon) return;
      clearTimeout(this.#timer);
    }
    const waitMs = soon ? 0 : Math.max(0, this.#wroteAtMs + restMs - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wroteAtMs = Date.now();
      this.#writing = this.#writing.then(() => this.#replace());
    }, waitMs);
  }

  /** A full disk costs the report, and nothing else. */
  async #replace(): Promise<void> {
    await replaceFile(this.path, `${JSON.stringify(this.#report)}\n`).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#replace();
  }
}
