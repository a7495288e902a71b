/** A cluster's process in the background: its files, and the record of its state. */
import * as v from "valibot";
import type { Daemon, DaemonPaths } from "../../daemon/daemon.ts";

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
export function clusterDaemon(folder: string): Daemon<ClusterRecord> & { paths: ClusterPaths } {
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
