/** A cluster snapshot as the source of a restore: as new volumes, or copied file by file into the existing ones. */
import { KodamaError } from "../../../base/errors.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../../kube/resources.ts";
import type { PersistentVolumeClaim } from "../../../kube/types.ts";
import type { VolumeSources } from "../../../session/manifests/claims.ts";
import { snapshotPodNames } from "../../../session/manifests/snapshot_pod.ts";
import { sessionNames } from "../../../session/names.ts";
import { podFailure, runInPod } from "../../../session/run_in_pod.ts";
import { forgetWords } from "../../../session/secret_scripts.ts";
import type { SessionStore } from "../../../session/store.ts";
import {
  claimName,
  type SnapshotVolume,
  type VolumePart,
  volumeParts,
} from "../../../session/volume_snapshot.ts";
import type { Host } from "../../host.ts";
import { fill } from "../fill.ts";
import { openCarried, podChecksums } from "../pod_files.ts";
import type { RestoreSource } from "./restore_source.ts";
import { isOlder, whenBegun } from "../older_claims.ts";
import { type SnapshotPodWork, withSnapshotPod } from "./pod.ts";
import { readSnapshot } from "./snapshots.ts";
import { untilGone } from "../wait_ready.ts";

/** A volume's files are scanned in the pod, which takes time if there are many. */
const forgetLimitMs = 10 * 60 * 1000;

/**
 * Reads the snapshot.
 *
 * @throws KodamaError `notFound` if there is none of the name; `conflict` if it can't be used.
 */
export async function snapshotSource(
  host: Host,
  store: SessionStore,
  name: string,
): Promise<RestoreSource> {
  const { snapshot, session } = await readSnapshot(store, name);
  if (snapshot.state !== "Ready") throw notUsable(snapshot.name, snapshot.state, snapshot.volumes);
  const sources = sourcesOf(snapshot.volumes);
  return {
    session,
    takenAt: new Date(snapshot.takenAt),
    content: {
      kind: "snapshot",
      name,
      volumes: snapshot.volumes.map((one) => ({ name: one.name, size: one.size ?? "?" })),
    },
    async open({ kept, withSecrets, readyTimeoutMs }) {
      const { name, origin } = kept.session;
      const work = { kept, definition: session, sources, readyTimeoutMs, withSecrets };
      if (origin?.filled === false && await canBegin(store, name, sources)) {
        return {
          volumes: { sources, prepare: (signal) => prepared(host, store, { ...work, signal }) },
          fill: async function* () {
            yield "they were made of the snapshot";
            return `volumes of ${sources.workspace.name} and ${sources.home.name}`;
          },
        };
      }
      const checksums = await podChecksums(host);
      return {
        fill: (pod) =>
          withSnapshotPod(
            host,
            store,
            { ...work, shown: "passing", signal: pod.signal },
            (from) => {
              const open = (folder: Parameters<typeof openCarried>[1]) =>
                openCarried(from, folder, { checksums, withSecrets });
              return fill(pod, { open, checksums, what: "cannot restore the files" });
            },
          ),
      };
    },
  };
}

function sourcesOf(volumes: readonly SnapshotVolume[]): VolumeSources {
  const of = (part: VolumePart) => {
    const { name = "", size } = volumes.find((one) => one.part === part) ?? {};
    return { name, ...(size === undefined ? {} : { size }) };
  };
  return { workspace: of("workspace"), home: of("home") };
}

/** Returns whether the session's volumes are missing, or were created from this snapshot by a killed restore. */
async function canBegin(
  store: SessionStore,
  session: string,
  sources: VolumeSources,
): Promise<boolean> {
  const begun = await whenBegun(store, session);
  const fits = await Promise.all(volumeParts.map(async (part) => {
    const name = claimName(session, part);
    const claim = await store.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, name);
    const isOfThis = claim?.spec?.dataSource?.name === sources[part].name;
    return claim === undefined || isOfThis && !isOlder(claim, begun);
  }));
  return fits.every((one) => one);
}

/**
 * New volumes have all contents of the old ones: what isn't for a copy is removed before the session's own pod mounts
 * them, as that starts what is queued there. A pod of a killed restore is removed before.
 */
async function* prepared(
  host: Host,
  store: SessionStore,
  { withSecrets, ...work }: Omit<SnapshotPodWork, "shown"> & { withSecrets: boolean },
): AsyncGenerator<string, void> {
  const { kept, readyTimeoutMs: limitMs, signal } = work;
  const { name } = kept.session;
  await store.remove(PODS, sessionNames(name).pod);
  await untilGone(host, store, { name, limitMs, signal });
  yield* withSnapshotPod(host, store, { ...work, shown: "own" }, async function* (pod) {
    yield "what isn't for a copy is taken away";
    const words = forgetWords({ withSecrets });
    const result = await runInPod(pod, { words, timeoutMs: forgetLimitMs });
    if (result.outcome.kind !== "ok") {
      throw podFailure("cannot take secrets out of the restored volumes", result);
    }
  });
  // It holds the volumes until it is gone, and a session's pod may be scheduled to another node.
  const { pod } = snapshotPodNames(name);
  await untilGone(host, store, { name, pod, limitMs, signal });
}

function notUsable(
  name: string,
  state: string,
  volumes: readonly SnapshotVolume[],
): KodamaError {
  const reasons = volumes.flatMap(({ part, error }) =>
    error === undefined ? [] : [`${part}: ${error.message}`]
  );
  const why = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
  return new KodamaError(
    "conflict",
    `snapshot "${name}" is ${state}, and can't be restored${why}`,
    {
      hint: state === "Pending"
        ? "kodama snapshots list says when it is Ready"
        : `kodama snapshots delete ${name} takes away what there is of it`,
    },
  );
}
