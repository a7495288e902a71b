/** A pod that mounts a snapshot's volumes while work is done on them: created, awaited, and removed. */
import { KodamaError } from "../../../base/errors.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../../kube/resources.ts";
import type { PersistentVolumeClaim, Pod } from "../../../kube/types.ts";
import type { VolumeSources } from "../../../session/manifests/claims.ts";
import {
  emptyCode,
  lookContainer,
  type ShownClaims,
  snapshotClaims,
  snapshotPod,
  snapshotPodNames,
} from "../../../session/manifests/snapshot_pod.ts";
import type { Session } from "../../../session/model.ts";
import { ownedBy } from "../../../session/owned.ts";
import type { PodAccess } from "../../../session/run_in_pod.ts";
import type { KeptSession } from "../../../session/state.ts";
import type { SessionStore } from "../../../session/store.ts";
import type { Host } from "../../host.ts";
import { targetOf } from "../../find_session.ts";
import { tidiedUp } from "../tidying.ts";
import { untilClaimGone, untilGone, untilReady, type Wait } from "../wait_ready.ts";

/** Which snapshot, and which session. */
export interface SnapshotPodWork {
  /** The session being restored: it owns what is created here. */
  kept: KeptSession;
  /** As in the snapshot: the class and the sizes of its volumes. */
  definition: Session;
  sources: VolumeSources;
  /** Claims created for the work, and removed with the pod; or the session's own existing ones. */
  shown: ShownClaims;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Does the work with the pod, then removes the pod and its volumes.
 *
 * @throws KodamaError `conflict` if the volumes that the cluster created don't hold the snapshot; nothing is done then.
 */
export async function* withSnapshotPod<T>(
  host: Host,
  store: SessionStore,
  work: SnapshotPodWork,
  withFiles: (from: PodAccess) => AsyncGenerator<string, T>,
): AsyncGenerator<string, T> {
  const { kept, signal, readyTimeoutMs: limitMs } = work;
  const { name } = kept.session;
  const { pod, ...claims } = snapshotPodNames(name);
  const wait = { name, pod, limitMs, signal };
  // The remains of a killed restore, of any snapshot.
  await takenAway(store, name);
  await untilGone(host, store, wait);
  for (const claim of Object.values(claims)) {
    await untilClaimGone(host, store, { claim, limitMs, signal });
  }
  try {
    yield "volumes of the snapshot";
    await made(store, work);
    const there = yield* untilLooked(host, store, wait, work);
    const target = targetOf(store, there);
    return yield* withFiles({ client: store.client, target, clock: host.clock, signal });
  } finally {
    // What remains is owned by the state, and the next restore removes it first. The claims are removed with their pod.
    await tidiedUp(host.clock, store, (tidying) => takenAway(tidying, name));
  }
}

async function made(
  store: SessionStore,
  { kept, definition, sources, shown }: SnapshotPodWork,
): Promise<void> {
  const { spec: { nodeSelector, tolerations } } = kept.session;
  const { spec, name: _, ...rest } = definition;
  const { name, namespace } = kept.session;
  const session = { ...rest, name, namespace, spec: { ...spec, nodeSelector, tolerations } };
  for (const claim of shown === "own" ? [] : snapshotClaims(session, sources)) {
    await store.ensure<PersistentVolumeClaim>(
      PERSISTENT_VOLUME_CLAIMS,
      ownedBy(kept, claim),
      name,
    );
  }
  await store.ensure(PODS, ownedBy(kept, snapshotPod(session, shown)), name);
}

/** Waits until it is ready: its volumes have been checked. */
async function* untilLooked(
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
    const look = pod?.status?.initContainerStatuses?.find(({ name }) => name === lookContainer);
    if (look?.state?.terminated?.exitCode !== emptyCode) throw error;
    throw new KodamaError(
      "conflict",
      `the volumes that the cluster made of ${sources.workspace.name} and ` +
        `${sources.home.name} are empty: their storage makes no volumes of snapshots`,
      {
        hint: "kodama snapshot NAME --output FILE keeps the files of a session without it",
        cause: error,
      },
    );
  }
}

async function takenAway(store: SessionStore, session: string): Promise<void> {
  const { pod, workspaceClaim, homeClaim } = snapshotPodNames(session);
  await store.remove(PODS, pod);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, workspaceClaim);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, homeClaim);
}
