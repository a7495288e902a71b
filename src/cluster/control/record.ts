/** The record of a running cluster: a file in its folder. */
import * as v from "valibot";

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

/** The paths in a cluster's folder. */
export interface ClusterPaths {
  folder: string;
  record: string;
  /** Held by the cluster's process until it ends. */
  lock: string;
  /** Held by an `up` while it starts that process. */
  startLock: string;
  log: string;
  kubeconfig: string;
}

/** Returns the paths below a cluster's folder, which must be absolute. */
export function clusterPaths(folder: string): ClusterPaths {
  return {
    folder,
    record: `${folder}/cluster.json`,
    lock: `${folder}/cluster.lock`,
    startLock: `${folder}/start.lock`,
    log: `${folder}/cluster.log`,
    kubeconfig: `${folder}/kubeconfig`,
  };
}

/** Returns the record, or undefined if there is none that can be read: an unreadable one counts as none. */
export async function readRecord(paths: ClusterPaths): Promise<ClusterRecord | undefined> {
  try {
    const parsed = v.safeParse(recordShape, JSON.parse(await Deno.readTextFile(paths.record)));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes the record atomically, readable only by its owner. */
export async function writeRecord(paths: ClusterPaths, record: ClusterRecord): Promise<void> {
  await writePrivately(paths.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Replaces a file atomically; only its owner may read it. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, text, { mode: 0o600, createNew: true });
  await Deno.rename(temporary, path);
}

/** Removes a file that may not exist. */
export async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
