/** Snapshots of a session's pod, at every change and at intervals, with its events. */
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { LiveList } from "../../kube/live_list.ts";
import { eventsAbout } from "../../kube/object_ref.ts";
import { EVENTS, PODS } from "../../kube/resources.ts";
import type { Event, Pod } from "../../kube/types.ts";

interface PodSnapshot {
  pod: Pod | undefined;
  events: readonly Event[];
}

/** Events arrive without a change of the pod, so they are polled at this interval. */
const tickMs = 2000;

/** Yields snapshots of a pod until the consumer stops; the watch ends with it. */
export async function* podSnapshots(
  client: KubeClient,
  { namespace, name }: { namespace: string; name: string },
  options: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<PodSnapshot, never> {
  const list = new LiveList<Pod>([{ client, resource: PODS, scope: { namespace }, name }], options);
  let events: readonly Event[] = [];
  for await (const { objects } of list.snapshots(tickMs)) {
    const [pod] = objects.values();
    const isReady = pod?.status?.phase === "Running";
    if (pod !== undefined && !isReady) events = await podEvents(client, pod, options.signal);
    yield { pod, events };
  }
  throw new Error("snapshots without an end have ended");
}
/** Returns events of this pod only, not of an earlier pod of the name. None if the caller may not read events. */
export async function podEvents(
  client: KubeClient,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<readonly Event[]> {
  const scope = eventsAbout(PODS, metadata ?? {});
  try {
    for await (const { items } of client.list<Event>(EVENTS, scope, { signal })) return items;
    return [];
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return [];
    throw error;
  }
}
