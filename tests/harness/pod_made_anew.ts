/** A pod that a controller creates again: how a run treats it that knew the one before. */
import type { KubeClient } from "../../src/kube/client.ts";
import { PODS } from "../../src/kube/resources.ts";
import type { Pod } from "../../src/kube/types.ts";

/** Deletes a pod of a StatefulSet, and waits until another one of its name is ready. */
export async function podMadeAnew(
  client: KubeClient,
  { namespace, name }: { namespace: string; name: string },
): Promise<void> {
  const old = await client.get<Pod>(PODS, name, { namespace });
  await client.delete(PODS, name, { namespace });
  const signal = AbortSignal.timeout(60_000);
  const field = { namespace, fieldSelector: `metadata.name=${name}` };
  for await (const event of client.watch<Pod>(PODS, field, { signal })) {
    const pods = event.kind === "relisted"
      ? event.objects
      : "object" in event
      ? [event.object]
      : [];
    const anew = pods.some(({ metadata, status }) =>
      metadata?.uid !== old.metadata?.uid &&
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
    );
    if (anew) return;
  }
  throw new Error(`${name} was not made anew in time`);
}
