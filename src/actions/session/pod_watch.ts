/** Snapshots of a session's pod, at every change and at intervals, with its events. */
import type { Clock } from "../../base/clock.ts";
import type { KubeClient } from "../../kube/client.ts";
import { LiveList } from "../../kube/live_list.ts";
import { PODS } from "../../kube/resources.ts";
import type { Event, Pod } from "../../kube/types.ts";
import { eventsOf } from "../wait/obstacles.ts";

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
    if (pod !== undefined && !isReady) {
      events = await eventsOf(client, PODS, pod.metadata ?? {}, options.signal);
    }
    yield { pod, events };
  }
  throw new Error("snapshots without an end have ended");
}
