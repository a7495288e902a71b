/** The running pod of a session, as a target for other actions. */
import { action, hint } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import type { Target } from "../kube/select/target.ts";
import type { Pod } from "../kube/types.ts";
import type { Session } from "../session/model.ts";
import { workspaceContainer } from "../session/names.ts";
import { liveStatus } from "../session/status.ts";
import type { SessionStore } from "../session/store.ts";
import type { Host } from "./host.ts";
import type { SessionRef } from "./session/events.ts";
import { type OpenedSession, openSession } from "./session_ref.ts";

/** A session with a running container. */
export interface FoundSession {
  session: Session;
  /** The uid of its state, which distinguishes it from a later one of its name. */
  uid: string;
  target: Target;
}

/**
 * Finds a session and its pod, from the cluster alone.
 *
 * @throws KodamaError `notFound` if there is no such session; `conflict` if it isn't running, with the way out.
 */
export async function findSession(
  host: Host,
  ref: SessionRef,
  signal: AbortSignal,
): Promise<FoundSession & Pick<OpenedSession, "store" | "stored">> {
  const opened = await openSession(host, ref, signal);
  const { store, stored } = opened;
  const { session, uid } = stored;
  return { session, uid, target: runningTarget(opened), store, stored };
}

/** The same for a session already read. Throws KodamaError `conflict` if it isn't running, with the way out. */
export function runningTarget({ store, stored: { session }, pod }: OpenedSession): Target {
  const { name } = session;
  const { status, reason } = liveStatus(session, pod);
  const own = pod?.status?.containerStatuses?.find((one) => one.name === workspaceContainer);
  const hasShell = own?.state?.running !== undefined &&
    pod?.metadata?.deletionTimestamp === undefined;
  // A session whose start failed after its pod was created can be entered: that is mostly how it is fixed.
  if (pod === undefined || !hasShell) {
    const why = typeof reason === "string" ? ` (${reason})` : "";
    const way = status === "Stopped"
      ? hint`${action("resume", { name })}`
      : hint`${action("get", { name })} shows details`;
    // A reason that names an action is the way out.
    const advice = typeof reason === "object" ? reason : way;
    throw new KodamaError("conflict", `session "${name}" is ${status}${why}`, { hint: advice });
  }
  return targetOf(store, pod);
}

/** Returns the workspace container of a session's pod. */
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
