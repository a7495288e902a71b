/** A cluster snapshot as the source of a restore: as new volumes, or copied file by file into the existing volumes. */
import { action, hint } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../../kube/resources.ts";
import type { PersistentVolumeClaim, Pod } from "../../../kube/types.ts";
import type { VolumeSources } from "../../../session/manifests/claims.ts";
import {
  checkContainer,
  emptyCode,
  type ShownClaims,
  snapshotClaims,
  snapshotPod,
  snapshotPodNames,
} from "../../../session/manifests/snapshot_pod.ts";
import { sessionNames } from "../../../session/names.ts";
import { type PodAccess, podFailure, runInPod } from "../../../podscript/run_in_pod.ts";
import { removeSurplusCommand } from "../../../session/carried.ts";
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
import { isOlder, type RestoreSource, stateCreatedMs } from "./restore_source.ts";
import { readSnapshot } from "./snapshots.ts";
import { untilClaimRemoved, untilGone, untilReady, type Wait } from "../wait_ready.ts";
import type { Session } from "../../../session/model.ts";
import { ownedBy, type StoredSession } from "../../../session/state.ts";
import { targetOf } from "../../find_session.ts";
import { cleanUp } from "../cleanup.ts";

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
    replaced: [],
    takenAt: new Date(snapshot.takenAt),
    content: {
      kind: "snapshot",
      name,
      volumes: snapshot.volumes.map((one) => ({ name: one.name, size: one.size ?? "?" })),
    },
    async open({ stored, withSecrets, readyTimeoutMs }) {
      const { name, origin } = stored.session;
      const work = { stored, definition: session, sources, readyTimeoutMs, withSecrets };
      if (origin?.filled === false && await canCreateVolumes(store, name, sources)) {
        return {
          volumes: { sources, prepare: (signal) => prepared(host, store, { ...work, signal }) },
          fill: async function* () {
            yield "they were created from the snapshot";
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
async function canCreateVolumes(
  store: SessionStore,
  session: string,
  sources: VolumeSources,
): Promise<boolean> {
  const createdMs = await stateCreatedMs(store, session);
  const fits = await Promise.all(volumeParts.map(async (part) => {
    const name = claimName(session, part);
    const claim = await store.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, name);
    const isOfThis = claim?.spec?.dataSource?.name === sources[part].name;
    return claim === undefined || isOfThis && !isOlder(claim, createdMs);
  }));
  return fits.every((one) => one);
}

/**
 * New volumes have all contents of the old volumes: files that aren't for a copy are removed before the session's own
 * pod mounts them, as that starts the queued tasks there. A pod of a killed restore is removed before.
 */
async function* prepared(
  host: Host,
  store: SessionStore,
  { withSecrets, ...work }: Omit<SnapshotPodWork, "shown"> & { withSecrets: boolean },
): AsyncGenerator<string, void> {
  const { stored, readyTimeoutMs: limitMs, signal } = work;
  const { name } = stored.session;
  await store.remove(PODS, sessionNames(name).pod);
  await untilGone(host, store, { name, limitMs, signal });
  yield* withSnapshotPod(host, store, { ...work, shown: "own" }, async function* (pod) {
    yield "removing secrets and queued tasks";
    const command = removeSurplusCommand({ withSecrets });
    const result = await runInPod(pod, { argv: command, timeoutMs: forgetLimitMs });
    if (result.outcome.kind !== "ok") {
      throw podFailure("cannot remove secrets from the restored volumes", result);
    }
  });
  // The pod holds the volumes until it is gone, and a session's pod may be scheduled to another node.
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
        ? hint`${action("snapshots.list")} says when it is Ready`
        : hint`${action("snapshots.delete", { name })} deletes it`,
    },
  );
}

/* A pod that mounts a snapshot's volumes while work is done on them: created, awaited, and removed. */

/** Which snapshot, and which session. */
interface SnapshotPodWork {
  /** The session being restored: it owns all objects that are created here. */
  stored: StoredSession;
  /** As in the snapshot: the class and the sizes of its volumes. */
  definition: Session;
  sources: VolumeSources;
  /** Claims created for the work, and removed with the pod; or the session's own existing claims. */
  shown: ShownClaims;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Does the work with the pod, then removes the pod and its volumes.
 *
 * @throws KodamaError `conflict` if the volumes that the cluster created don't hold the snapshot; nothing is done then.
 */
async function* withSnapshotPod<T>(
  host: Host,
  store: SessionStore,
  work: SnapshotPodWork,
  withFiles: (from: PodAccess) => AsyncGenerator<string, T>,
): AsyncGenerator<string, T> {
  const { stored, signal, readyTimeoutMs: limitMs } = work;
  const { name } = stored.session;
  const { pod, ...claims } = snapshotPodNames(name);
  const wait = { name, pod, limitMs, signal };
  // The remains of a killed restore, of any snapshot.
  await removeAll(store, name);
  await untilGone(host, store, wait);
  for (const claim of Object.values(claims)) {
    await untilClaimRemoved(host, store, { claim, limitMs, signal });
  }
  try {
    yield "volumes of the snapshot";
    await made(store, work);
    const there = yield* untilInspected(host, store, wait, work);
    const target = targetOf(store, there);
    return yield* withFiles({ client: store.client, target, clock: host.clock, signal });
  } finally {
    // The remaining objects are owned by the state, and the next restore removes them first. The claims are removed
    // with their pod.
    await cleanUp(host.clock, store, (cleaning) => removeAll(cleaning, name));
  }
}

async function made(
  store: SessionStore,
  { stored, definition, sources, shown }: SnapshotPodWork,
): Promise<void> {
  const { spec: { nodeSelector, tolerations } } = stored.session;
  const { spec, name: _, ...rest } = definition;
  const { name, namespace } = stored.session;
  const session = { ...rest, name, namespace, spec: { ...spec, nodeSelector, tolerations } };
  for (const claim of shown === "own" ? [] : snapshotClaims(session, sources)) {
    await store.ensure<PersistentVolumeClaim>(
      PERSISTENT_VOLUME_CLAIMS,
      ownedBy(stored, claim),
      name,
    );
  }
  await store.ensurePod(session, ownedBy(stored, snapshotPod(session, shown)));
}

/** Waits until it is ready: its volumes have been checked. */
async function* untilInspected(
  host: Host,
  store: SessionStore,
  wait: Wait & { pod: string },
  { sources }: SnapshotPodWork,
): AsyncGenerator<string, Pod> {
  try {
    return yield* untilReady(host, store, wait);
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "conflict") throw error;
    const pod = await store.get<Pod>(PODS, wait.pod);
    const inspection = pod?.status?.initContainerStatuses?.find(({ name }) =>
      name === checkContainer
    );
    if (inspection?.state?.terminated?.exitCode !== emptyCode) throw error;
    throw new KodamaError(
      "conflict",
      `the volumes that the cluster created from ${sources.workspace.name} and ` +
        `${sources.home.name} are empty: their storage doesn't create volumes from snapshots`,
      {
        hint: hint`${
          action("snapshot", { name: "NAME", output: "FILE" })
        } saves the files of a session without it`,
        cause: error,
      },
    );
  }
}

async function removeAll(store: SessionStore, session: string): Promise<void> {
  const { pod, workspaceClaim, homeClaim } = snapshotPodNames(session);
  await store.remove(PODS, pod);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, workspaceClaim);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, homeClaim);
}
