/** The running pod of a session, as a target for whatever works in it. */
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/target.ts";
import type { Pod } from "../../kube/types.ts";
import type { Session } from "../../session/model.ts";
import { workspaceContainer } from "../../session/names.ts";
import { liveStatus } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SessionPlace } from "./events.ts";
import { type OpenedSession, openSession } from "./place.ts";

/** A session that can be worked in. */
export interface FoundSession {
  session: Session;
  target: Target;
}

/**
 * Finds a session and its pod, by the cluster alone.
 *
 * @throws KodamaError `notFound` where there is no such session; `conflict` where it doesn't run, with the way out.
 */
export async function findSession(
  host: Host,
  place: SessionPlace,
  signal: AbortSignal,
): Promise<FoundSession> {
  const opened = await openSession(host, place, signal);
  return { session: opened.kept.session, target: runningTarget(opened) };
}

/** The same of one that was read already. Throws KodamaError `conflict` where it doesn't run, with the way out. */
export function runningTarget({ store, kept: { session }, pod }: OpenedSession): Target {
  const { name } = session;
  const { status, reason } = liveStatus(session, pod);
  const own = pod?.status?.containerStatuses?.find((one) => one.name === workspaceContainer);
  const hasShell = own?.state?.running !== undefined &&
    pod?.metadata?.deletionTimestamp === undefined;
  // One whose start failed behind its pod can be looked at: most often that is how it is mended.
  if (pod === undefined || !hasShell) {
    const why = reason === undefined ? "" : ` (${reason})`;
    const hint = status === "Stopped" ? `kodama resume ${name}` : `kodama get ${name} says more`;
    throw new KodamaError("conflict", `session "${name}" is ${status}${why}`, { hint });
  }
  return targetOf(store, pod);
}

/** The container of a pod in which a session is worked on. */
export function targetOf({ client, namespace }: SessionStore, pod: Pod): Target {
  const uid = pod.metadata?.uid;
  return {
    context: client.context,
    namespace,
    pod: pod.metadata?.name ?? "",
    container: workspaceContainer,
    node: pod.spec?.nodeName ?? "",
    ip: pod.status?.podIP ?? "",
    ...(uid === undefined ? {} : { uid }),
  };
}
