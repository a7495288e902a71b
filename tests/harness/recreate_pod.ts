/** A pod that a controller creates again: how a run treats it that knew the one before. */
import { systemClock } from "../../src/base/clock.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { LiveList } from "../../src/kube/live_list.ts";
import { PODS } from "../../src/kube/resources.ts";
import type { Pod } from "../../src/kube/types.ts";

/** Deletes a pod of a StatefulSet, and waits until another one of its name is ready. */
export async function recreatePod(
  client: KubeClient,
  { namespace, name }: { namespace: string; name: string },
): Promise<void> {
  const old = await client.get<Pod>(PODS, name, { namespace });
  await client.delete(PODS, name, { namespace });
  const signal = AbortSignal.timeout(60_000);
  const list = new LiveList<Pod>(
    [{ client, resource: PODS, scope: { namespace }, name }],
    { clock: systemClock, signal },
  );
  for await (const { objects } of list.snapshots()) {
    const isReady = [...objects.values()].some(({ metadata, status }) =>
      metadata?.uid !== old.metadata?.uid &&
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
    );
    if (isReady) return;
  }
  throw new Error(`${name} was not recreated in time`);
}
