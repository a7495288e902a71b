/** The cluster's own process: `cluster up` runs it in the background, and `--foreground` in the terminal. */
import { KodamaError } from "../../base/errors.ts";
import { type ClusterOptions, type EmbeddedCluster, startCluster } from "../cluster.ts";
import { systemClock } from "../../base/clock.ts";
import { timestamp } from "../timestamp.ts";
import type { Readiness } from "../readiness.ts";
import { type ClusterStatus, clusterStatus } from "./control.ts";
import { contextNameOf } from "./context_name.ts";
import { tryFileLock } from "../../daemon/file_lock.ts";
import { processStart } from "../../daemon/process_identity.ts";
import {
  type ClusterPaths,
  clusterPaths,
  type ClusterRecord,
  removeFile,
  writePrivately,
  writeRecord,
} from "./record.ts";

/** The options of {@link serveCluster}. */
export interface ServeOptions extends ClusterOptions {
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
  using lock = await tryFileLock(paths.lock);
  if (lock === undefined) throw taken(await clusterStatus(options), paths);
  const keeper = new RecordKeeper(paths, await firstRecord(paths, options), options.onRecord);
  try {
    await keeper.write({});
    await using cluster = await startCluster(options);
    await writePrivately(paths.kubeconfig, cluster.kubeconfig);
    await keeper.write({ server: cluster.server, context: cluster.context });
    await becomeReady(cluster, keeper, options.signal);
    await aborted(options.signal);
  } finally {
    await keeper.settled();
    await removeFile(paths.record);
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
    pid: Deno.pid,
    processStart: await processStart(Deno.pid) ?? "",
    phase: "starting",
    world: worldText,
    context: contextNameOf(paths.folder, { kept: keep !== undefined }),
    kubeconfig: paths.kubeconfig,
    pods: { ready: 0, expected: 0 },
    kept: keep !== undefined,
    startedAt: timestamp(clock.now()),
  };
}

/** Writes the states in order: two renames at once could leave the older one. */
class RecordKeeper {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly paths: ClusterPaths,
    private record: ClusterRecord,
    private readonly told: ((record: ClusterRecord) => void) | undefined,
  ) {}

  write(change: Partial<ClusterRecord>): Promise<void> {
    const record = this.record = { ...this.record, ...change };
    this.told?.(record);
    return this.#last = this.#last.then(() => writeRecord(this.paths, record));
  }

  async settled(): Promise<void> {
    await this.#last.catch(() => {});
  }
}

async function becomeReady(
  cluster: EmbeddedCluster,
  keeper: RecordKeeper,
  signal: AbortSignal,
): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  const onProgress = ({ pods }: Readiness) => {
    writing = keeper.write({ pods });
  };
  try {
    await cluster.ready({ signal, onProgress });
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  }
  await writing;
  await keeper.write({ phase: "ready" });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
