/** `cluster up|down|status`: a cluster in the background, identified by its folder. Plain data and events. */
import * as v from "valibot";
import type { Clock } from "../../../src/base/clock.ts";
import { KodamaError } from "../../../src/base/errors.ts";
import {
  type Daemon,
  type DaemonPaths,
  daemonStatus,
  type DaemonStopEvent,
  startDaemon,
  stopDaemon,
} from "../../../src/daemon/daemon.ts";
import { removeFile } from "../../../src/files/own_files.ts";

/** Whether a cluster runs. */
export type ClusterStatus =
  /** `died` is the last process that served it, if that wasn't ended by a `down`. */
  | { phase: "stopped"; died?: DeadProcess }
  /** `record` is absent at first. */
  | { phase: "starting"; record?: ClusterRecord }
  | { phase: "ready"; record: ClusterRecord };

/** A cluster whose process was killed, or crashed: its record remains. */
interface DeadProcess {
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
  | DaemonStopEvent
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

/** How long a cluster may take to end its pods. */
const stopTimeoutMs = 30_000;

/** Returns the state of a cluster, read from its folder. */
export async function clusterStatus(
  { folder }: Pick<ControlOptions, "folder">,
): Promise<ClusterStatus> {
  const daemon = clusterDaemon(folder);
  const { phase, report: record } = await daemonStatus(daemon);
  if (phase === "running") {
    return record === undefined ? { phase: "starting" } : { phase: record.phase, record };
  }
  return record === undefined
    ? { phase: "stopped" }
    : { phase: "stopped", died: { record, log: daemon.paths.output } };
}

/**
 * Starts a cluster in the background and waits until it is ready; one that runs already is reported as such. When the
 * signal ends the wait, the cluster that this call started ends too.
 *
 * @throws KodamaError `conflict` if one runs with another world; `environment` without a folder, or with the last lines
 * of the log if it exits early; `timeout`; `cancelled`.
 */
export async function* clusterUp(
  { folder, world, timeoutMs = 120_000, ...options }: UpOptions,
): AsyncGenerator<UpEvent, void> {
  const starting = startDaemon(clusterDaemon(folder), {
    ...options,
    timeoutMs,
    isReady: ({ phase }) => phase === "ready",
    missing: (record) =>
      record === undefined
        ? "its API server did not answer"
        : `${record.pods.ready} of ${record.pods.expected} pods were ready`,
  });
  let last = "";
  for (;;) {
    const { value: event, done } = await starting.next();
    if (done) {
      if (event.world !== world) throw otherWorld(event, world);
      return yield { kind: "ready", record: event };
    }
    if (event.kind === "starting") yield { kind: "starting", folder, world };
    else if (event.kind === "joined") yield { kind: "joined", world };
    else if (event.report.phase === "starting") {
      const { pods } = event.report;
      if (JSON.stringify(pods) !== last) yield { kind: "progress", pods };
      last = JSON.stringify(pods);
    }
  }
}

function otherWorld(record: ClusterRecord, world: string): KodamaError {
  return new KodamaError(
    "conflict",
    `the cluster runs with the world ${record.world}, not with ${world}`,
    { hint: "kodama cluster down, then up again; or --data for a second cluster" },
  );
}

/** Ends the cluster of a folder with all its pods. Only the recorded process is ever signalled. */
export async function* clusterDown(
  { folder, ...options }: ControlOptions,
): AsyncGenerator<DownEvent, void> {
  const daemon = clusterDaemon(folder);
  const { paths } = daemon;
  const ended = yield* stopDaemon(daemon, { ...options, timeoutMs: stopTimeoutMs });
  const record = ended ?? (await daemonStatus(daemon)).report;
  // The log remains, to show why it ended.
  await removeFile(paths.report);
  // The kubeconfig of a persistent cluster is valid again at its next start.
  if (record !== undefined && !record.kept) await removeFile(paths.kubeconfig);
  yield ended === undefined ? { kind: "stopped" } : { kind: "stopped", ended };
}

/* A cluster's process in the background: its files, and the record of its state. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const recordShape = v.object({
  version: v.literal(1),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** With the pid it identifies one process permanently: see `daemon/process_identity.ts`. */
  processStart: v.string(),
  phase: v.picklist(["starting", "ready"]),
  /** As it was requested: `weka:drives=50`. */
  world: v.string(),
  context: v.string(),
  /** Absolute path of a file that holds the administrator's credentials. */
  kubeconfig: v.string(),
  /** `https://127.0.0.1:port`, once it answers. */
  server: v.optional(v.string()),
  pods: v.object({ ready: count, expected: count }),
  /** Whether its objects and its kubeconfig outlive it. */
  kept: v.optional(v.boolean(), false),
  /** RFC 3339. */
  startedAt: v.string(),
});

/** A cluster that runs, or was starting. */
export type ClusterRecord = v.InferOutput<typeof recordShape>;

/** The files in a cluster's folder. */
export interface ClusterPaths extends DaemonPaths {
  kubeconfig: string;
}

/** Returns the paths below a cluster's folder, which must be absolute. */
export function clusterPaths(folder: string): ClusterPaths {
  return {
    folder,
    report: `${folder}/cluster.json`,
    lock: `${folder}/cluster.lock`,
    startLock: `${folder}/start.lock`,
    output: `${folder}/cluster.log`,
    kubeconfig: `${folder}/kubeconfig`,
  };
}

/** Returns the background process of a cluster. An unreadable record counts as none. */
function clusterDaemon(folder: string): Daemon<ClusterRecord> & { paths: ClusterPaths } {
  return {
    name: "the cluster",
    paths: clusterPaths(folder),
    folderHint: "KODAMA_CONFIG_DIR or --data names another folder",
    parse(value) {
      const parsed = v.safeParse(recordShape, value);
      return parsed.success ? parsed.output : undefined;
    },
  };
}
