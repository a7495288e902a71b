/** A pod that shows a snapshot's volumes for as long as files are copied out of it: made, waited for, and taken away. */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../kube/resources.ts";
import type { PersistentVolumeClaim } from "../../kube/types.ts";
import type { VolumeSources } from "../../session/manifests/claims.ts";
import {
  snapshotClaims,
  snapshotPod,
  snapshotPodNames,
} from "../../session/manifests/snapshot_pod.ts";
import type { Session } from "../../session/model.ts";
import { ownedBy } from "../../session/owned.ts";
import type { PodAccess } from "../../session/run_in_pod.ts";
import type { KeptSession } from "../../session/state.ts";
import { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { targetOf } from "./find.ts";
import { untilClaimGone, untilGone, untilReady } from "./wait_ready.ts";

/** Whose snapshot, and for whom. */
export interface SnapshotPodWork {
  /** The session that is restored: it owns what is made here. */
  kept: KeptSession;
  /** As the snapshot has it: the class and the sizes of its volumes. */
  definition: Session;
  sources: VolumeSources;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** So long it is tidied up, whatever became of the copy. */
const tidyLimitMs = 60_000;

/** Does the work with the pod, and takes the pod and its volumes away again. */
export async function* withSnapshotPod<T>(
  host: Host,
  store: SessionStore,
  work: SnapshotPodWork,
  copy: (from: PodAccess) => AsyncGenerator<string, T>,
): AsyncGenerator<string, T> {
  const { kept, signal, readyTimeoutMs: limitMs } = work;
  const { name } = kept.session;
  const { pod, ...claims } = snapshotPodNames(name);
  // Of a restore that was killed, and of any snapshot.
  await takenAway(store, name);
  await untilGone(host, store, { name, pod, limitMs, signal });
  for (const claim of Object.values(claims)) {
    await untilClaimGone(host, store, { claim, limitMs, signal });
  }
  try {
    yield "volumes of the snapshot";
    await made(store, work);
    const there = yield* untilReady(host, store, { name, pod, limitMs, signal });
    const target = targetOf(store, there);
    return yield* copy({ client: store.client, target, clock: host.clock, signal });
  } finally {
    await tidied(host, store, name);
  }
}

async function made(
  store: SessionStore,
  { kept, definition, sources }: SnapshotPodWork,
): Promise<void> {
  const { spec: { nodeSelector, tolerations } } = kept.session;
  const { spec, name: _, ...rest } = definition;
  const { name, namespace } = kept.session;
  const session = { ...rest, name, namespace, spec: { ...spec, nodeSelector, tolerations } };
  for (const claim of snapshotClaims(session, sources)) {
    await store.ensure<PersistentVolumeClaim>(
      PERSISTENT_VOLUME_CLAIMS,
      ownedBy(kept, claim),
      name,
    );
  }
  await store.ensure(PODS, ownedBy(kept, snapshotPod(session)), name);
}

async function takenAway(store: SessionStore, session: string): Promise<void> {
  const { pod, workspaceClaim, homeClaim } = snapshotPodNames(session);
  await store.remove(PODS, pod);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, workspaceClaim);
  await store.remove(PERSISTENT_VOLUME_CLAIMS, homeClaim);
}

/** The cluster takes the claims away as soon as the pod has let go of them. What is left goes with the session. */
async function tidied(
  host: Host,
  { client, namespace }: SessionStore,
  session: string,
): Promise<void> {
  // The signal of the command may be the reason for the end of the copy.
  using deadline = new Deadline(host.clock, tidyLimitMs, new AbortController().signal);
  try {
    await takenAway(new SessionStore(client, namespace, host.clock, deadline.signal), session);
  } catch (error) {
    // The state owns all of it, and the next restore begins by taking it away: the copy's own end is what is told.
    if (!(error instanceof KodamaError) && !deadline.expired) throw error;
  }
}
