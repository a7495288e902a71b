/** Waits for a state of the embedded cluster. */
import { ClusterState } from "./controllers/state.ts";
import type { Store } from "./model.ts";
import type { Clock } from "./clock.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { resources } from "./resources.ts";
import { StoreError } from "./store/store_error.ts";

/** Waits until every pod of the world is in its final state. Rejects with the signal's reason. */
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

/** Waits for a condition on the state, checked after every change. Rejects with the signal's reason. */
export async function until(
  store: Store,
  clock: Clock,
  { signal = new AbortController().signal }: { signal?: AbortSignal },
  holds: (state: ClusterState) => boolean,
): Promise<void> {
  while (!signal.aborted) {
    const changes = store.watch(watched, { signal });
    if (holds(new ClusterState(store, clock.now()))) return;
    try {
      for await (const _change of changes) {
        if (holds(new ClusterState(store, clock.now()))) return;
      }
    } catch (error) {
      // More has changed meanwhile than the history holds: only the resulting state counts.
      if (!(error instanceof StoreError && error.reason === "expired")) throw error;
    }
  }
  throw signal.reason;
}

const watched = [
  resources.pods,
  resources.nodes,
  resources.statefulSets,
  resources.deployments,
  resources.serviceAccounts,
];
