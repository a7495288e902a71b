/** The state of a snapshot's volumes, read at every change and at intervals. */
import { forEachUntil } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { VOLUME_SNAPSHOTS } from "../../kube/resources.ts";
import { selectSnapshot, type VolumeSnapshot } from "../../session/volume_snapshot.ts";

/** The interval without a change: a wait has time limits. */
const tickMs = 1000;

/** Yields the state of a snapshot until the consumer stops; the watch ends with it. */
export async function* volumeLooks(
  client: KubeClient,
  { namespace, snapshot }: { namespace: string; snapshot: string },
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<readonly VolumeSnapshot[], never> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const objects = new Map<string, VolumeSnapshot>();
  const looks = new BoundedQueue<"look">(1);
  const look = () => {
    if (looks.size === 0) void looks.push("look");
  };
  const scope = { namespace, labelSelector: selectSnapshot(snapshot) };
  let isListed = false;
  const watch = client.watch<VolumeSnapshot>(VOLUME_SNAPSHOTS, scope, { signal: either });
  const watching = forEachUntil(watch, either, (event) => {
    isListed = true;
    if (event.kind === "relisted") {
      objects.clear();
      for (const object of event.objects) objects.set(object.metadata.name ?? "", object);
    } else if (event.kind === "deleted") objects.delete(event.object.metadata.name ?? "");
    else objects.set(event.object.metadata.name ?? "", event.object);
    look();
  });
  watching.then(() => looks.close(), (error: unknown) => looks.fail(error));
  let timer = clock.timer(tickMs, again);
  function again() {
    look();
    timer = clock.timer(tickMs, again);
  }
  try {
    for await (const _ of looks) if (isListed) yield [...objects.values()];
    signal.throwIfAborted();
    throw new KodamaError("server", `the watch of snapshot "${snapshot}" ended`);
  } finally {
    timer[Symbol.dispose]();
    stop.abort();
    looks.discard();
    await watching.catch(() => {});
  }
}
