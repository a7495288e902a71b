/** A session's current state, from the stored state and the pod's. Pure. */
import { action, type Hint, hint } from "../base/hint.ts";
import { plainText } from "../base/plain_text.ts";
import type { ContainerStatus, Event, Pod } from "../kube/types.ts";
import { isLimited, type SessionLimits, whyEnded } from "./limits.ts";
import type { Session, SessionStatus } from "./model.ts";
import { workspaceContainer } from "./names.ts";

/** A status, with the reason if it is bad. */
export interface LiveStatus {
  status: SessionStatus;
  reason?: Hint;
}

type Written = Pick<Session, "name" | "status" | "message" | "origin"> & {
  spec?: { limits: SessionLimits };
};

function resumeHint({ name, origin }: Written): Hint {
  if (origin?.filled !== false) {
    return hint`its start didn't finish: ${action("start", { name })} with the same words`;
  }
  const again = origin.kind === "clone"
    ? action("clone", { source: origin.session, name })
    : action("restore", { name, source: "FILE" });
  return hint`the files of "${origin.session}" were not copied completely: ${again} continues`;
}

/**
 * Returns the status. `events` are those of the pod, in any order; without them a waiting pod is reported in less
 * detail.
 */
export function liveStatus(
  session: Written,
  pod: Pod | undefined,
  events: readonly Event[] = [],
): LiveStatus {
  if (pod === undefined) return withoutPod(session);
  if (pod.metadata?.deletionTimestamp !== undefined) {
    return { status: "Stopped", reason: "its pod is ending" };
  }
  const phase = pod.status?.phase;
  const limits = session.spec?.limits ?? {};
  if (isLimited(limits) && hasSucceeded(pod)) {
    return { status: "Stopped", reason: whyEnded(pod, limits) };
  }
  if (phase === "Failed" || phase === "Succeeded") {
    const reason = word(pod.status?.message) ?? word(pod.status?.reason) ?? "its pod has ended";
    return { status: "Failed", reason };
  }
  const own = statusOf(pod);
  const waiting = own?.state?.waiting;
  if (own !== undefined && waiting?.reason === "CrashLoopBackOff") {
    return { status: "Failed", reason: `CrashLoopBackOff: ${crashText(pod, own)}` };
  }
  if (phase !== "Running" || own?.ready === false) return notReady(pod, own, events);
  if (session.status === "Failed") {
    return { status: "Failed", reason: session.message ?? resumeHint(session) };
  }
  if (session.status !== "Running") return { status: "Starting", reason: resumeHint(session) };
  const reason = besideTrouble(pod) ?? outOfMemory(pod, own);
  return reason === undefined ? { status: "Running" } : { status: "Running", reason };
}

/** Returns whether a container of a pod has ended well for good: whatever others, such as a mesh's, still run in it. */
export function hasSucceeded(pod: Pod, container = workspaceContainer): boolean {
  if (pod.status?.phase === "Succeeded") return true;
  const own = statusOf(pod, container);
  return pod.spec?.restartPolicy !== "Always" && own?.state?.terminated?.exitCode === 0;
}

function withoutPod(session: Written) {
  const { name, status, message } = session;
  switch (status) {
    case "Failed":
      return { status, reason: message ?? resumeHint(session) };
    case "Stopped":
      return { status };
    case "Running":
      return {
        status: "Stopped",
        reason: hint`its pod is gone: ${action("resume", { name })}`,
      } as const;
    case "Pending":
    case "Starting":
      return { status: "Pending", reason: resumeHint(session) } as const;
  }
}

function notReady(
  pod: Pod,
  own: ContainerStatus | undefined,
  events: readonly Event[],
): LiveStatus {
  const reason = waitingReason(pod, events);
  const scheduled = condition(pod, "PodScheduled")?.status === "True";
  const trouble = isTrouble(own?.state?.waiting?.reason);
  const status = scheduled && !trouble ? "Starting" : "Pending";
  return reason === undefined ? { status } : { status, reason };
}

/** Returns why a pod isn't ready, as far as the cluster reports it: its own status first, then the newest event. */
export function waitingReason(
  pod: Pod,
  events: readonly Event[],
  container = workspaceContainer,
): string | undefined {
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    return reasonText(scheduled.reason, scheduled.message);
  }
  const trouble = (pod.status?.containerStatuses ?? []).find(({ state }) =>
    isTrouble(state?.waiting?.reason)
  );
  const event = newest(events.filter(holdsUp));
  if (trouble !== undefined) {
    const { waiting } = trouble.state ?? {};
    return reasonText(waiting?.reason, waiting?.message ?? event?.message);
  }
  if (event !== undefined) return reasonText(event.reason, event.message);
  const waiting = statusOf(pod, container)?.state?.waiting;
  const latest = newest(events.filter(({ type }) => type !== "Warning"));
  return latest === undefined
    ? reasonText(waiting?.reason, waiting?.message)
    : reasonText(latest.reason, latest.message);
}

/** Warnings that explain why a pod doesn't start; with others (a resolver that isn't set up) it starts all the same. */
const holdUps =
  /^(?:Failed|BackOff|InspectFailed|ErrImageNeverPull|FailedScheduling|FailedMount|FailedAttachVolume|FailedBinding|ProvisioningFailed|FailedCreatePodSandBox|FailedMapVolume)$/;

/** `Error: ImagePullBackOff` only repeats that it failed; the related event explains how. */
function holdsUp({ type, reason, message }: Event): boolean {
  return type === "Warning" && holdUps.test(reason ?? "") && !message?.startsWith("Error: ");
}

/** Returns whether a short wait won't fix it. */
function isTrouble(reason: string | undefined): boolean {
  return reason !== undefined && !["ContainerCreating", "PodInitializing"].includes(reason);
}

function newest(events: readonly Event[]): Event | undefined {
  return events.reduce<Event | undefined>(
    (latest, event) => latest === undefined || timeOf(event) >= timeOf(latest) ? event : latest,
    undefined,
  );
}

function timeOf({ lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  const at = lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp ?? "";
  return Date.parse(String(at)) || 0;
}

/** Returns why a container beside the workspace's fails, though the session runs; undefined if none fails. */
function besideTrouble(pod: Pod): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const one of [...containerStatuses, ...initContainerStatuses]) {
    const { waiting, terminated } = one.state ?? {};
    const name = plainText(one.name, 100);
    if (one.name === workspaceContainer) continue;
    if (waiting?.reason === "CrashLoopBackOff") {
      return `container "${name}" CrashLoopBackOff: ${crashText(pod, one)}`;
    }
    if (isTrouble(waiting?.reason)) {
      return `container "${name}" ${reasonText(waiting?.reason, waiting?.message)}`;
    }
    if (terminated !== undefined && terminated.exitCode !== 0) {
      return `container "${name}" ended with exit code ${Number(terminated.exitCode)}`;
    }
  }
  return undefined;
}

/** Returns that a container was killed for its memory limit when it ended last; undefined if it wasn't. */
function outOfMemory(pod: Pod, status: ContainerStatus | undefined): string | undefined {
  if (status?.lastState?.terminated?.reason !== "OOMKilled") return undefined;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const own = [...containers, ...initContainers].find(({ name }) => name === status.name);
  const limit = own?.resources?.limits?.["memory"];
  const amount = limit === undefined ? "" : ` of ${plainText(String(limit), 40)}`;
  return `OOMKilled: its container exceeded the memory limit${amount}, and was started again`;
}

function crashText(pod: Pod, status: ContainerStatus): string {
  const ended = status.lastState?.terminated;
  if (ended === undefined) return "its container ends again and again";
  const memory = outOfMemory(pod, status);
  if (memory !== undefined) return memory;
  const code = `exit code ${Number(ended.exitCode)}`;
  return word(ended.message) ?? `its container ended with ${code}, and again`;
}

function statusOf(pod: Pod, container = workspaceContainer): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === container);
}

function condition(pod: Pod, type: string) {
  return pod.status?.conditions?.find((one) => one.type === type);
}

function reasonText(reason: string | undefined, message: string | undefined): string | undefined {
  const [short, long] = [word(reason), word(message)];
  if (short === undefined || long === undefined) return short ?? long;
  return long.startsWith(short) ? long : `${short}: ${long}`;
}

function word(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : plainText(text.replace(/\s+/g, " "), 300);
}

/** Returns whether its pod was ready once: its volumes have been created, and used. */
export function hasRun({ status, repository, agent }: Session): boolean {
  return status === "Running" || status === "Stopped" || repository?.commitHash !== undefined ||
    agent !== undefined;
}
