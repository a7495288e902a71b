/** The process of a synchronisation: keeps two folders in sync until it is asked to end, or a signal arrives. */
import { Deadline, orAborted } from "../../base/abort.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { nativeChecksums } from "../../copy/local/files.ts";
import { becomeDaemon } from "../../daemon/daemon.ts";
import { ownIdentity, ReportWriter } from "../../daemon/report_writer.ts";
import type { FileLock } from "../../daemon/file_lock.ts";
import { receiveRequests, withAnswer } from "../../daemon/requests.ts";
import { ifPresentSync } from "../../files/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import { type Ignoring, ignoringOf, trackedTree } from "../core/ignore_rules.ts";
import { AncestorStore } from "../engine/ancestor_store.ts";
import { SyncEngine } from "../engine/engine.ts";
import { firstState } from "../engine/status.ts";
import { openBin } from "../local/bin.ts";
import { forgetAgreed, LocalAncestorFiles } from "../local/ancestor_files.ts";
import {
  globalIgnoreFile,
  ignoreSources,
  LocalFolder,
  rulesOfFolder,
  trackedFiles,
} from "../local/folder.ts";
import { watchFolder, watchPulse } from "../local/watch.ts";
import { PodEndpoint } from "../remote/endpoint.ts";
import { forgetCommand } from "../remote/loop.ts";
import { RemoteIndex } from "../remote/remote_index.ts";
import type { SyncRequest } from "./model.ts";
import {
  parseRequest,
  readSyncRecord,
  type SyncPaths,
  syncPaths,
  type SyncRecord,
  type SyncReportFile,
} from "./record.ts";

/** Options of the process. */
interface ServeSyncOptions {
  configDir: string;
  key: string;
  /** Returns the clients of the kubeconfig that the synchronisation was started with. */
  clients: (kubeconfig: string | undefined) => Promise<Clients>;
  /** Checks before each connection that the sync still has a purpose. Throws PurposeGoneError if not. */
  requirePurpose: (clients: Clients, record: SyncRecord, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

/** Returns the client of a context. */
export type Clients = (context: string | undefined) => Promise<KubeClient>;

/** Resolves when it has ended. Throws KodamaError if there is none of the key, or it runs already. */
export async function serveSync(
  { configDir, key, clients, requirePurpose, signal }: ServeSyncOptions,
): Promise<void> {
  const paths = syncPaths(configDir, key);
  const record = await readSyncRecord(paths);
  if (record === undefined) throw new KodamaError("notFound", `there is no sync ${key}`);
  using lock = await becomeDaemon({ paths });
  if (lock === undefined) throw new KodamaError("conflict", `the sync ${key} runs already`);
  const log = new SyncLog(paths.log);
  log.line(`starts: ${record.local} and ${record.target.pod}:${record.remotePath}`);
  await using report = new ReportWriter<SyncReportFile>(paths.report, systemClock, {
    ...await ownIdentity(),
    state: firstState(record.mode, Date.now()),
    answered: [],
    undone: {},
  });
  report.update({});
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort(signal.reason), { once: true });
  using files = new LocalAncestorFiles(paths);
  try {
    const own = await clients(record.kubeconfig ?? undefined);
    await run({
      configDir,
      record,
      clients: own,
      requirePurpose,
      files,
      log,
      report,
      paths,
      stop,
      lock,
    });
    if (signal.aborted) {
      // The end of the machine, or of its user's processes: no one has stopped the sync.
      const state = { ...report.report.state, phase: "killed" as const, reason: "by a signal" };
      report.set({ state });
    }
  } catch (error) {
    log.line(`ends: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    const reason = error instanceof Error ? error.message : String(error);
    report.set({ state: { ...report.report.state, phase: "stopped", reason } });
    throw error;
  }
  log.line("ends");
}

interface Parts extends Pick<ServeSyncOptions, "configDir" | "requirePurpose"> {
  record: SyncRecord;
  clients: Clients;
  files: LocalAncestorFiles;
  log: SyncLog;
  report: ReportWriter<SyncReportFile>;
  paths: SyncPaths;
  stop: AbortController;
  lock: FileLock;
}

async function run(
  { configDir, record, clients, requirePurpose, files, log, report, paths, stop, lock }: Parts,
): Promise<void> {
  const { local: root, id, mode } = record;
  // A pull may start without a folder here: all of its content comes from the pod.
  if (mode === "pull") await Deno.mkdir(root, { recursive: true });
  const rules = { local: await rulesOfFolder(root, id), remote: linuxRules };
  const bin = await openBin(configDir, { key: record.key, local: root });
  const local = new LocalFolder(root, id, rules.local, bin);
  const store = await AncestorStore.open(files);
  const knowledge = new RemoteIndex();
  const globalIgnore = await globalIgnoreFile((name) => Deno.env.get(name));
  let ignoring: Ignoring | undefined;
  const env = (name: string) => Deno.env.get(name);
  let tracked: readonly string[] = [];
  const trackedNow = () => record.useGitignore ? trackedFiles(root, env) : Promise.resolve([]);
  let forgets = false;
  const engine: SyncEngine = new SyncEngine({
    mode,
    local,
    localWatcher: () => watch.by,
    async connect(onEvent, signal) {
      await inTime(systemClock, (own) => requirePurpose(clients, record, own), signal);
      const end = await PodEndpoint.open({
        open: (command) =>
          inTime(systemClock, (own) => openExec(clients, record, command, own), signal),
        root: record.remotePath,
        key: id,
        index: knowledge,
        native: nativeChecksums,
        clock: systemClock,
        onEvent,
      }, signal);
      local.use(end.digests);
      return end;
    },
    rules,
    store,
    async ignoring(fresh) {
      if (!fresh && ignoring !== undefined) return ignoring;
      tracked = await trackedNow();
      return ignoring = ignoringOf(ignoreSources(root, { ...record, globalIgnore }), {
        ...{ ignoreCase: rules.local.ignoresCase, tracked: trackedTree(tracked) },
      });
    },
    clock: systemClock,
    onEvent(state) {
      if (state.phase === report.report.state.phase) report.update({ state });
      else void report.write({ state }).catch(() => {});
    },
    log: log.line,
  });
  using _requests = receiveRequests({ folder: paths.requests, lock }, {
    parse: parseRequest,
    async carryOut(id, request) {
      if (request.kind === "stop") {
        forgets = request.forget;
        return stop.abort();
      }
      const reason = await carryOut(request, engine);
      // A full disk costs the answer, and nothing else.
      await report.write(withAnswer(report.report, id, reason)).catch(() => {});
    },
    failed: (error) => log.line(`a request failed: ${error}`),
    // The lock and the ancestor were removed with it: a second process could start beside this one.
    folderRemoved: () => stop.abort(),
  });
  // Neither is released before the process exits: that would wait for a named pipe that blocks them.
  const watch = watchFolder(root, (news) => engine.localEvent(news), {
    ignoring: () => ignoring,
    async indexChanged() {
      const now = await trackedNow();
      if (now.join("\0") !== tracked.join("\0")) engine.localEvent({ kind: "changedAnywhere" });
    },
  });
  watchPulse(paths.requests, {
    everyMs: pulseMs,
    changed(reliable) {
      log.line(reliable ? "the system reports changes again" : silentWatcher);
      watch.setReliable(reliable);
    },
  });
  if (await engine.run(stop.signal) === "gone") {
    log.line(`nothing remains to be synced: ${engine.state.reason}; the local files stay`);
    files[Symbol.dispose]();
    // The ancestor was about the removed workspace: with another workspace it would imply deletions.
    return await forgetAgreed(paths);
  }
  if (forgets) await forget(clients, record).catch((error) => log.line(`not forgotten: ${error}`));
}

const pulseMs = 5_000;
const silentWatcher =
  "the system reports no changes, so the folder is scanned instead; a named pipe in it is the cause, until it is removed";

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
      engine.resume(request.acceptRemovals);
      return undefined;
    case "flush":
      return await engine.flush();
  }
}

/** If a pod doesn't answer within this time, a small folder of kodama's remains there. */
const forgetMs = 5_000;

async function forget(clients: Clients, record: SyncRecord): Promise<void> {
  const command = forgetCommand({ root: record.remotePath, key: record.id });
  const signal = AbortSignal.timeout(forgetMs);
  await using channel = await openExec(clients, record, command, signal);
  for await (const _ of channel.output);
}

async function openExec(
  clients: Clients,
  { target }: SyncRecord,
  command: readonly string[],
  signal: AbortSignal,
) {
  const client = await clients(target.context);
  const { namespace, pod, container } = target;
  const request = { namespace, pod, container, command, stdin: true, tty: false, bulk: true };
  return await client.exec(request, { signal });
}

/* A cluster that accepts a call and doesn't answer is treated like a cluster that isn't there. */

/** Any answer arrives within seconds; a call without an answer is made again. */
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

/** Lines of a process, each with its time. */
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
    const size = ifPresentSync(() => Deno.statSync(this.path))?.size ?? 0;
    if (size < mostBytes) return;
    const text = Deno.readTextFileSync(this.path);
    const half = text.slice(text.indexOf("\n", text.length / 2) + 1);
    Deno.writeTextFileSync(this.path, half);
  }
}

/* Checks whether a synchronisation's session exists: if it was deleted elsewhere, there is nothing to wait for. */
