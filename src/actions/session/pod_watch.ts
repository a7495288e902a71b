/** Snapshots of a session's pod, at every change and at intervals, with its events. */
import { forEachUntil } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient, WatchEvent } from "../../kube/client.ts";
import { EVENTS, PODS } from "../../kube/resources.ts";
import type { Event, Pod } from "../../kube/types.ts";

/** One snapshot. */
export interface PodLook {
  pod: Pod | undefined;
  events: readonly Event[];
}

/** Events arrive without a change of the pod, so they are polled at this interval. */
const tickMs = 2000;

/** Yields snapshots of a pod until the consumer stops; the watch ends with it. */
export async function* podLooks(
  client: KubeClient,
  { namespace, name }: { namespace: string; name: string },
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<PodLook, never> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const looks = new BoundedQueue<{ pod: Pod | undefined } | "tick">(8);
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const watching = forEachUntil(
    client.watch<Pod>(PODS, scope, { signal: either }),
    either,
    (event) => looks.push({ pod: podOf(event) }).then(() => {}),
  );
  watching.then(() => looks.close(), (error: unknown) => looks.fail(error));
  const ticking = ticks(clock, () => {
    if (looks.size === 0) void looks.push("tick");
  });
  try {
    let pod: Pod | undefined;
    let events: readonly Event[] = [];
    for await (const look of looks) {
      if (look !== "tick") pod = look.pod;
      const isReady = pod?.status?.phase === "Running";
      if (pod !== undefined && !isReady) events = await podEvents(client, pod, signal);
      yield { pod, events };
    }
    signal.throwIfAborted();
    throw new KodamaError("server", `the watch of pod "${name}" ended`);
  } finally {
    ticking[Symbol.dispose]();
    stop.abort();
    looks.discard();
    await watching.catch(() => {});
  }
}

function ticks(clock: Clock, tick: () => void): Disposable {
  let timer = clock.timer(tickMs, again);
  function again() {
    tick();
    timer = clock.timer(tickMs, again);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function podOf(event: WatchEvent<Pod>): Pod | undefined {
  if (event.kind === "relisted") return event.objects[0];
  return event.kind === "deleted" ? undefined : event.object;
}

/** Returns events of this pod only, not of an earlier one of the name. None if the caller may not read events. */
export async function podEvents(
  client: KubeClient,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<readonly Event[]> {
  const { namespace = "", uid = "" } = metadata ?? {};
  const scope = { namespace, fieldSelector: `involvedObject.uid=${uid}` };
  try {
    for await (const { items } of client.list<Event>(EVENTS, scope, { signal })) return items;
    return [];
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return [];
    throw error;
  }
}
