/** The cluster's own process: `cluster up` runs it in the background, and `--foreground` in the terminal. */
import { KodamaError } from "../../../src/base/errors.ts";
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  type Readiness,
  startCluster,
} from "../cluster.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { timestamp } from "../model.ts";
import {
  type ClusterPaths,
  clusterPaths,
  type ClusterRecord,
  type ClusterStatus,
  clusterStatus,
} from "./control.ts";
import { contextNameOf } from "../tls/kubeconfig.ts";
import { becomeDaemon } from "../../../src/daemon/daemon.ts";
import { ownIdentity, ReportWriter } from "../../../src/daemon/report_writer.ts";
import { removeFile, replaceFile } from "../../../src/files/own_files.ts";

/** The options of {@link serveCluster}. */
export interface ServeOptions extends EmbeddedClusterOptions {
  /** The world as it was requested: `status` shows it. */
  worldText: string;
  /** Ends the cluster. */
  signal: AbortSignal;
  /** Is called at each step: for a log, or a person who watches. */
  onRecord?: (record: ClusterRecord) => void;
}

/**
 * Runs a cluster until the signal, and maintains its record. Resolves once all of it has ended.
 *
 * @throws KodamaError `conflict` if another process serves the same folder.
 */
export async function serveCluster(options: ServeOptions): Promise<void> {
  const paths = clusterPaths(options.folder);
  await Deno.mkdir(paths.folder, { recursive: true, mode: 0o700 });
  using lock = await becomeDaemon({ paths });
  if (lock === undefined) throw taken(await clusterStatus(options), paths);
  const { clock = systemClock, onRecord } = options;
  const writer = new ReportWriter(paths.report, clock, await firstRecord(paths, options));
  try {
    await writer.write();
    onRecord?.(writer.report);
    await using cluster = await startCluster(options);
    await replaceFile(paths.kubeconfig, cluster.kubeconfig);
    await writer.write({ server: cluster.server, context: cluster.context });
    onRecord?.(writer.report);
    if (
      !await becomeReady(cluster, options, (pods) => {
        writer.update({ pods });
        onRecord?.(writer.report);
      })
    ) return;
    await writer.write({ phase: "ready" });
    onRecord?.(writer.report);
    await aborted(options.signal);
  } finally {
    await writer.settled();
    await removeFile(paths.report);
    if (options.keep === undefined) await removeFile(paths.kubeconfig);
  }
}

function taken(status: ClusterStatus, paths: ClusterPaths): KodamaError {
  const pid = "record" in status && status.record ? ` (process ${status.record.pid})` : "";
  return new KodamaError(
    "conflict",
    `a cluster runs in ${paths.folder} already${pid}`,
    { hint: "kodama cluster down, or --data for a second one" },
  );
}

async function firstRecord(
  paths: ClusterPaths,
  { worldText, keep, clock = systemClock }: ServeOptions,
): Promise<ClusterRecord> {
  return {
    version: 1,
    ...await ownIdentity(),
    phase: "starting",
    world: worldText,
    context: contextNameOf(paths.folder, { isPersistent: keep !== undefined }),
    kubeconfig: paths.kubeconfig,
    pods: { ready: 0, expected: 0 },
    kept: keep !== undefined,
    startedAt: timestamp(clock.now()),
  };
}

/** Returns false if the signal ended the wait. */
async function becomeReady(
  cluster: EmbeddedCluster,
  { signal }: ServeOptions,
  onPods: (pods: Readiness["pods"]) => void,
): Promise<boolean> {
  try {
    await cluster.ready({ signal, onProgress: ({ pods }) => onPods(pods) });
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
