/** Waiting for a state of the embedded cluster. */
import { ClusterState } from "./controllers/state.ts";
import type { Store } from "./model.ts";
import type { Clock } from "./node/clock.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { resources } from "./resources.ts";

/** Waits until every pod of the world is as it is to be. Rejects with the signal's reason. */
export async function waitUntilReady(
  store: Store,
  clock: Clock,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (now: Readiness) => void },
): Promise<void> {
  let told = "";
  await until(store, clock, signal === undefined ? {} : { signal }, (state) => {
    const now = readinessOf(state);
    const text = JSON.stringify(now.pods);
    if (text !== told) onProgress?.(now);
    told = text;
    return now.settled;
  });
}

/** Waits for a condition on the state, looked at after every change. Rejects with the signal's reason. */
export async function until(
  store: Store,
  clock: Clock,
  { signal }: { signal?: AbortSignal },
  holds: (state: ClusterState) => boolean,
): Promise<void> {
  const watched = [resources.pods, resources.nodes, resources.statefulSets, resources.deployments];
  const done = new AbortController();
  const either = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  const changes = store.watch([...watched, resources.serviceAccounts], { signal: either });
  if (holds(new ClusterState(store, clock.now()))) return;
  for await (const _change of changes) {
    if (holds(new ClusterState(store, clock.now()))) return;
  }
  throw signal?.reason;
}
