/** Sessions whose pods were named like any other pod. */
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { sessionOfPodName } from "../../session/names.ts";
import { SessionStore } from "../../session/store.ts";
import type { SyncedSession } from "../../sync/daemon/model.ts";
import type { Host } from "../host.ts";

/** Returns the error if the named pod is that of a session and doesn't exist; undefined for any other pod. */
export async function sessionWithoutPod(
  host: Host,
  { pod, ...scope }: { pod: string; namespace?: string; context?: string },
  signal: AbortSignal,
): Promise<KodamaError | undefined> {
  const name = sessionOfPodName(pod);
  if (name === undefined) return undefined;
  const { findSession } = await import("../find_session.ts");
  try {
    await findSession(host, { name, ...scope }, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return error.kind === "conflict" ? error : undefined;
  }
}

/** Finds it by the pod's name and the session's stored state; null if there is none, or it can't be read. */
export async function sessionOfPod(
  host: Host,
  { context, namespace, pod }: Pick<Target, "context" | "namespace" | "pod">,
  signal: AbortSignal,
): Promise<SyncedSession | null> {
  const name = sessionOfPodName(pod);
  if (name === undefined) return null;
  try {
    const store = new SessionStore(await host.kube(context), namespace, host.clock, signal);
    const kept = await store.read(name);
    if (kept === undefined) return null;
    return { name, uid: kept.uid, restoredAt: kept.session.restoredAt };
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return null;
    throw error;
  }
}
