/**
 * The pods of a selection and their changes: page by page as the server sends them, then every change. Several
 * namespaces and contexts at once; none blocks the others.
 */
import { hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type LiveChange, LiveList } from "../../kube/live_list.ts";
import { podSources } from "../../kube/select/live_pods.ts";
import type { Selection } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import { limitedTo, namesOf } from "../exec/ask_contexts.ts";
import type { Host } from "../host.ts";
import { type PickPod, pickPod } from "./pod.ts";

export type { Selection, Target } from "../../kube/select/target.ts";
export type { PickContainer, PickPod } from "./pod.ts";

/** Which pods to watch. */
interface WatchPodsOptions {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  selection: Selection;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** The events of the pods. A pod that the selection no longer matches counts as removed. */
export type PickPodsEvent =
  | { kind: "changed"; upserts: readonly PickPod[]; removed: readonly string[] }
  /** Every list has been read completely, or failed. Emitted once. */
  | { kind: "loaded" }
  /** The other contexts continue. */
  | { kind: "contextFailed"; context: string; error: KodamaError };

/** Events queued for a slow reader; when the queue is full, the servers wait too. */
const maxWaiting = 64;

/** @throws KodamaError of the only context; of several, each is emitted and none is thrown. */
export async function* watchPods(
  host: Host,
  options: WatchPodsOptions,
): AsyncGenerator<PickPodsEvent, void> {
  const contexts = namesOf(options.contexts);
  const queue = new BoundedQueue<PickPodsEvent>(maxWaiting);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const loading = new Set(contexts);
  const loaded = async (name: string | undefined) => {
    if (loading.delete(name) && loading.size === 0) await queue.push({ kind: "loaded" });
  };
  const isSingle = contexts.length === 1;
  const watch = limitedTo(host, async (name, bound) => {
    const client = await host.kube(name);
    const watched = { selection: options.selection, signal: bound, clock: host.clock };
    await watchContext(client, watched, queue, () => loaded(name));
    // A watch ends with its signal alone, without an error.
    bound.throwIfAborted();
  }, { signal, isSingle });
  const watching = contexts.map(async (name) => {
    try {
      await watch(name);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KodamaError) || isSingle) throw error;
      await queue.push({ kind: "contextFailed", context: name ?? "", error });
      await loaded(name);
    }
  });
  Promise.all(watching).then(() => queue.close(), (error: unknown) => queue.fail(error));
  try {
    yield* queue;
  } finally {
    stop.abort();
    queue.discard();
  }
}

/**
 * Watches one context; `loaded` is called when all of its lists are read.
 *
 * @throws NoMatchError if a workload doesn't exist; whatever {@link podSources} throws.
 */
async function watchContext(
  client: KubeClient,
  { selection, signal, clock }: { selection: Selection; signal: AbortSignal; clock: Clock },
  queue: BoundedQueue<PickPodsEvent>,
  loaded: () => Promise<void>,
): Promise<void> {
  const { context } = client;
  const transform = (pod: Pod) => pickPod(pod, selection, context);
  const { sources, missing: [missing] } = await podSources(client, selection, {
    signal,
    transform,
  });
  if (missing !== undefined) {
    throw new NoMatchError(`${missing.plural} "${missing.name}" not found (context ${context})`, {
      hint: hint`${option("namespace")} looks in another namespace`,
    });
  }
  for await (const event of new LiveList<Pod, PickPod>(sources, { clock, signal }).events()) {
    if (event.kind === "inSync") await loaded();
    if (event.kind === "changed") await queue.push(pickEvent(event.changes));
  }
}

function pickEvent(changes: readonly LiveChange<PickPod>[]): PickPodsEvent {
  const [removed, present] = [[], []] as [PickPod[], PickPod[]];
  for (const { kind, object } of changes) (kind === "deleted" ? removed : present).push(object);
  return { kind: "changed", upserts: present, removed: removed.map(({ id }) => id) };
}
