/** The process of one synchronisation: keeps two folders in sync until it is asked to end, or a signal arrives. */
import type { SyncRequest } from "../../actions/sync_control.ts";
import type { Host } from "../../actions/host.ts";
import { systemClock } from "../../base/clock.ts";
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
import { inTime } from "./answer_limit.ts";
import { forgetAgreed, LocalAncestorFiles } from "../../sync/local/ancestor_files.ts";
import { rulesOfFolder } from "../../sync/local/path_rules.ts";
import { ignoreSources } from "../../sync/local/ignore_sources.ts";
import { LocalFolder } from "../../sync/local/folder.ts";
import { watchFolder } from "../../sync/local/watch.ts";
import { ReportKeeper } from "./report_file.ts";
import { takeRequests } from "./requests.ts";
import { requireSession } from "./require_session.ts";
import { readSyncRecord, type SyncPaths, syncPaths, type SyncRecord } from "./sync_folder.ts";
import { SyncLog } from "./sync_log.ts";
import { watchPulse } from "../../sync/local/watch_heartbeat.ts";

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
