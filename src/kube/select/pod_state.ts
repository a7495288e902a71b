/** Why a pod can't be used right now, in the terms of `kubectl get pods`. */
import { plainText } from "../../base/plain_text.ts";
import type { ContainerStatus, Pod } from "../types.ts";

/** Returns `is Pending: 0/1 containers ready, ImagePullBackOff`; undefined for a running container. */
export function notUsable(pod: Pod, container: string): string | undefined {
  const { status = {}, metadata = {} } = pod;
  if (metadata.deletionTimestamp !== undefined) return "is terminating";
  const phase = word(status.phase) ?? "Unknown";
  if (phase === "Succeeded") return "has completed";
  if (phase === "Failed") {
    const reason = word(status.reason) ?? firstTrouble(pod);
    return reason === undefined ? "has failed" : `has failed: ${reason}`;
  }
  const own = statuses(pod).find(({ name }) => name === container);
  // An init or an ephemeral container may run in a pod that is Pending.
  if (own?.state?.running !== undefined) return undefined;
  if (phase === "Running") return containerTrouble(container, own);
  const all = status.containerStatuses ?? [];
  const total = pod.spec?.containers?.length ?? all.length;
  const ready = all.filter((one) => one.ready).length;
  const trouble = firstTrouble(pod) ?? unscheduled(pod);
  return `is ${phase}: ${ready}/${total} containers ready${
    trouble === undefined ? "" : `, ${trouble}`
  }`;
}

/** Without a status there is nothing against it: the server decides. */
function containerTrouble(name: string, own: ContainerStatus | undefined): string | undefined {
  const { waiting, terminated } = own?.state ?? {};
  if (waiting !== undefined) {
    return `container "${name}" is not running: ${word(waiting.reason) ?? "waiting"}`;
  }
  if (terminated === undefined) return undefined;
  return `container "${name}" is not running: ${word(terminated.reason) ?? "ended"} (exit code ${
    Number(terminated.exitCode)
  })`;
}

function firstTrouble(pod: Pod): string | undefined {
  for (const { state } of statuses(pod)) {
    const reason = word(state?.waiting?.reason) ?? word(state?.terminated?.reason);
    // A finished init container isn't a problem, and "ContainerCreating" is better than nothing.
    if (reason !== undefined && reason !== "Completed") return reason;
  }
  return undefined;
}

function unscheduled(pod: Pod): string | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False" ? word(scheduled.reason) : undefined;
}

function statuses(pod: Pod): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } =
    pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}

/** Sanitizes a server's text for a terminal. */
function word(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : plainText(text, 80);
}
