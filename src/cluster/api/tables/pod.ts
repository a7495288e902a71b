/** The columns of pods. STATUS is a digest of phase, container states and deletion, as `kubectl get` shows it. */
import type { ContainerStatus, Pod } from "../../../kube/types.ts";
import { age, ageColumn, type Column, column, nameColumn, orNone } from "./column.ts";

interface Digest {
  ready: number;
  total: number;
  status: string;
  restarts: number;
  lastRestart: string | undefined;
}

function hasCondition(pod: Pod, type: string): boolean {
  return (pod.status?.conditions ?? [])
    .some((condition) => condition.type === type && condition.status === "True");
}

function exitText(terminated: { exitCode: number; signal?: number; reason?: string }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort().at(-1);
}

function isSidecar(pod: Pod, name: string): boolean {
  return pod.spec?.initContainers?.find((each) => each.name === name)?.restartPolicy === "Always";
}

/** Returns the state of the first init container that isn't done, as text; undefined once all are. */
function initStatus(pod: Pod): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, { name, state, started }] of statuses.entries()) {
    if (state?.terminated?.exitCode === 0 || (isSidecar(pod, name) && started)) continue;
    if (state?.terminated) return `Init:${exitText(state.terminated)}`;
    const waiting = state?.waiting?.reason;
    if (waiting && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function containerReason({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated ? exitText(state.terminated) : undefined;
}

function mainStatus(pod: Pod, initial: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const running = statuses.some(({ ready, state }) => ready && state?.running);
  // The first container with a reason wins.
  const reason = statuses.map(containerReason).find((each) => each !== undefined) ?? initial;
  if (reason !== "Completed" || !running) return reason;
  return hasCondition(pod, "Ready") ? "Running" : "NotReady";
}

function digest(pod: Pod): Digest {
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter(({ name }) =>
    isSidecar(pod, name)
  );
  const main = pod.status?.containerStatuses ?? [];
  const initializing = initStatus(pod);
  const showInit = initializing !== undefined && !hasCondition(pod, "Initialized");
  const counted = showInit ? pod.status?.initContainerStatuses ?? [] : [...sidecars, ...main];
  let status = pod.status?.reason || pod.status?.phase || "Unknown";
  if (pod.status?.conditions?.some(({ reason }) => reason === "SchedulingGated")) {
    status = "SchedulingGated";
  }
  status = showInit ? initializing : mainStatus(pod, status);
  const ended = ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
  if (pod.metadata?.deletionTimestamp) {
    if (pod.status?.reason === "NodeLost") status = "Unknown";
    else if (!ended) status = "Terminating";
  }
  const restartable = (pod.spec?.initContainers ?? []).filter(({ name }) => isSidecar(pod, name));
  return {
    ready: [...sidecars, ...main].filter(({ ready, state }) => ready && state?.running).length,
    total: (pod.spec?.containers.length ?? 0) + restartable.length,
    status,
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastRestart: latest(counted.map(({ lastState }) => lastState?.terminated?.finishedAt)),
  };
}

function gates(pod: Pod): string {
  const wanted = pod.spec?.readinessGates ?? [];
  if (wanted.length === 0) return "<none>";
  return `${
    wanted.filter(({ conditionType }) => hasCondition(pod, conditionType)).length
  }/${wanted.length}`;
}

/** Readiness, digest and restarts; wide: where it runs. */
export const podColumns: readonly Column[] = [
  nameColumn,
  column<Pod>("Ready", (pod) => {
    const { ready, total } = digest(pod);
    return `${ready}/${total}`;
  }),
  column<Pod>("Status", (pod) => digest(pod).status),
  column<Pod>("Restarts", (pod, now) => {
    const { restarts, lastRestart } = digest(pod);
    const when = restarts > 0 && lastRestart ? ` (${age(lastRestart, now)} ago)` : "";
    return `${restarts}${when}`;
  }),
  ageColumn,
  column<Pod>("IP", (pod) => orNone(pod.status?.podIP), { wide: true }),
  column<Pod>("Node", (pod) => orNone(pod.spec?.nodeName), { wide: true }),
  column<Pod>("Nominated Node", (pod) => orNone(pod.status?.nominatedNodeName), { wide: true }),
  column<Pod>("Readiness Gates", gates, { wide: true }),
];
