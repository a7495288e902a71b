/**
 * The state of a pod as `kubectl get pods` prints it. The server makes these texts:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/printers/internalversion/printers.go, `printPod`. Pure.
 */
import type { ContainerStatus, Pod } from "../../kube/types.ts";

/** The state of a pod: the columns of `kubectl get pods`. */
export interface PodState {
  /** As kubectl's STATUS. */
  status: string;
  readyContainers: number;
  totalContainers: number;
  restarts: number;
  /** The time of the last restart, milliseconds since the epoch; NaN if there was none. */
  restartedMs: number;
  /** Milliseconds since the epoch; NaN if the server didn't send it. */
  createdMs: number;
}

/** Returns the state of a pod. */
export function podState(pod: Pod): PodState {
  const { metadata = {}, spec, status = {} } = pod;
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  const sidecars = initContainerStatuses.filter(({ name }) => isSidecar(pod, name));
  const initializing = initText(pod);
  const isInitializing = initializing !== undefined && !hasCondition(pod, "Initialized");
  // Until the pod is initialized, its containers haven't started.
  const counted = isInitializing ? initContainerStatuses : [...sidecars, ...containerStatuses];
  const ready = isInitializing ? [] : containerStatuses.filter(isRunningReady);
  const own = spec?.containers?.length ?? containerStatuses.length;
  const text = initializing ?? initialText(pod);
  return {
    status: deletedText(pod) ?? (isInitializing ? text : containersText(pod, text)),
    readyContainers: ready.length + readySidecars(pod),
    totalContainers: own + (spec?.initContainers ?? []).filter(isRestartable).length,
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    restartedMs: counted.map(({ lastState }) => lastState?.terminated?.finishedAt)
      .map((at) => at === undefined ? NaN : Date.parse(String(at)))
      .filter((at) => !Number.isNaN(at))
      .reduce((last, at) => last >= at ? last : at, NaN),
    createdMs: Date.parse(String(metadata.creationTimestamp ?? "")),
  };
}

/** Returns the text of a pod that is being deleted; undefined for others. */
function deletedText({ metadata, status }: Pod): string | undefined {
  if (metadata?.deletionTimestamp === undefined) return undefined;
  if (status?.reason === "NodeLost") return "Unknown";
  return ["Succeeded", "Failed"].includes(status?.phase ?? "") ? undefined : "Terminating";
}

/** Returns the text of a pod without regard to its containers. */
function initialText({ status = {} }: Pod): string {
  const isGated = status.conditions?.some(({ type, reason }) =>
    type === "PodScheduled" && reason === "SchedulingGated"
  );
  return isGated ? "SchedulingGated" : status.reason || status.phase || "Unknown";
}

/** Returns the text of the first init container that holds up the others; undefined if none does. */
function initText(pod: Pod): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [index, one] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { name, state, started } = one;
    if (state?.terminated?.exitCode === 0) continue;
    if (isSidecar(pod, name) && started === true) continue;
    if (state?.terminated !== undefined) return `Init:${endText(state.terminated)}`;
    const waiting = state?.waiting?.reason ?? "";
    return waiting === "" || waiting === "PodInitializing"
      ? `Init:${index}/${total}`
      : `Init:${waiting}`;
  }
  return undefined;
}

/** Returns the sidecars that are ready before the first init container that holds up the others. */
function readySidecars(pod: Pod): number {
  let count = 0;
  for (const { name, state, started, ready } of pod.status?.initContainerStatuses ?? []) {
    if (state?.terminated?.exitCode === 0) continue;
    if (!isSidecar(pod, name) || started !== true) break;
    if (ready) count += 1;
  }
  return count;
}

/** Returns the reason of the first container that has one. */
function containersText(pod: Pod, initial: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const text = statuses.map(containerText).find((one) => one !== undefined) ?? initial;
  if (text !== "Completed" || !statuses.some(isRunningReady)) return text;
  return hasCondition(pod, "Ready") ? "Running" : "NotReady";
}

function containerText({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated === undefined ? undefined : endText(state.terminated);
}

function endText(
  { reason, signal, exitCode }: { reason?: string; signal?: number; exitCode: number },
): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

function isRunningReady({ ready, state }: ContainerStatus): boolean {
  const hasEnded = Boolean(state?.waiting?.reason) || state?.terminated !== undefined;
  return ready && state?.running !== undefined && !hasEnded;
}

function isSidecar({ spec }: Pod, name: string): boolean {
  const container = spec?.initContainers?.find((one) => one.name === name);
  return container !== undefined && isRestartable(container);
}

function isRestartable({ restartPolicy }: { restartPolicy?: string }): boolean {
  return restartPolicy === "Always";
}

function hasCondition({ status }: Pod, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}
