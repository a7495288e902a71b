/** The session whose pod a target is. */
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/target.ts";
import { sessionOfPodName } from "../../session/names.ts";
import { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";

/** By the pod's name, and the state that is kept of such a session; null where there is none, or it can't be read. */
export async function sessionOfPod(
  host: Host,
  { context, namespace, pod }: Pick<Target, "context" | "namespace" | "pod">,
  signal: AbortSignal,
): Promise<{ name: string; uid: string } | null> {
  const name = sessionOfPodName(pod);
  if (name === undefined) return null;
  try {
    const store = new SessionStore(await host.kube(context), namespace, host.clock, signal);
    const kept = await store.read(name);
    return kept === undefined ? null : { name, uid: kept.uid };
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return null;
    throw error;
  }
}
