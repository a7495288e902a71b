/** Containers of pods whose logs can be read, and their states. Pure. */
import { plainText } from "../base/plain_text.ts";
import type { LogReading, NameChoice } from "./logs.ts";
import type { Container, ContainerStatus, Pod } from "../kube/types.ts";

/** The selected containers of a pod. Named ones may be of every kind. */
export type ContainerChoice = Pick<
  LogReading,
  "container" | "excludeContainer" | "initContainers" | "ephemeralContainers" | "containerState"
>;

/** The state of a container. `instance` increases with each restart. */
export type ContainerState =
  /** There is no log yet. */
  | { kind: "waiting"; reason: string }
  | { kind: "running"; instance: number; last?: InstanceEnd }
  /**
   * There is a log, and it won't grow. `final`: nor will there be another instance. `isWaiting`: another one is delayed;
   * until it starts, the node serves this log as the previous one too.
   */
  | { kind: "ended"; instance: number; final: boolean; isWaiting?: true; last?: InstanceEnd }
  /** The pod is gone, or another one has its name. */
  | { kind: "gone" };

/** How the previous instance ended, as the node reports it. */
export interface InstanceEnd {
  exitCode: number;
  /** `Error`, `OOMKilled`; empty if there is none. */
  reason: string;
}

/** Returns the names of the selected containers, in the order in which they start. */
export function chosenContainers(pod: Pod, choice: ContainerChoice): string[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const named = choice.container.length > 0;
  // A sidecar is an init container that continues beside the others: it belongs to them.
  const init = initContainers.filter((one) => named || choice.initContainers || isSidecar(one));
  const kinds = [init, containers, named || choice.ephemeralContainers ? ephemeralContainers : []];
  return kinds.flat().map(({ name }) => name).filter((name) =>
    (!named || choice.container.some((one) => fits(name, one))) &&
    !choice.excludeContainer.some((one) => fits(name, one)) &&
    (choice.containerState.length === 0 ||
      choice.containerState.includes(phaseOf(statusOf(pod, name))))
  );
}

/** Returns the state of a container of the pod. */
export function containerState(pod: Pod, name: string): ContainerState {
  const status = statusOf(pod, name);
  const { waiting, running } = status?.state ?? {};
  const instance = status?.restartCount ?? 0;
  const before = status?.lastState?.terminated;
  const last = before === undefined
    ? {}
    : { last: { exitCode: before.exitCode, reason: plainText(before.reason ?? "", 80) } };
  if (running !== undefined) return { kind: "running", instance, ...last };
  const started = status?.state?.terminated ?? before;
  if (started !== undefined) {
    const isWaiting = waiting === undefined ? {} : { isWaiting: true } as const;
    return { kind: "ended", instance, final: isOver(pod, name), ...isWaiting, ...last };
  }
  if (isOver(pod, name)) return { kind: "gone" };
  const reason = waiting?.reason ?? pod.status?.conditions
    ?.find(({ type, status }) => type === "PodScheduled" && status === "False")?.reason;
  return { kind: "waiting", reason: plainText(reason ?? pod.status?.phase ?? "Pending", 80) };
}

/**
 * Returns whether the previous instance left a log: `removed` if the node has deleted it, for room or in its minutely
 * collection of dead containers.
 */
export function previousLog(pod: Pod, name: string): "readable" | "removed" | "none" {
  const { lastState, restartCount = 0 } = statusOf(pod, name) ?? {};
  if (lastState?.terminated !== undefined) return "readable";
  return restartCount > 0 ? "removed" : "none";
}

/**
 * Returns whether a pod has a condition with this status;
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
 */
export function hasCondition(pod: Pod, required: { type: string; status: string }): boolean {
  const found = pod.status?.conditions?.find(({ type }) => same(type, required.type));
  return found !== undefined && same(found.status, required.status);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Returns whether no further instance of the container will be started. */
function isOver(pod: Pod, name: string): boolean {
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") return true;
  const { initContainers = [], ephemeralContainers = [], restartPolicy } = pod.spec ?? {};
  const { terminated } = statusOf(pod, name)?.state ?? {};
  if (ephemeralContainers.some((one) => one.name === name)) return terminated !== undefined;
  const init = initContainers.find((one) => one.name === name);
  if (init !== undefined && !isSidecar(init)) return terminated?.exitCode === 0;
  return terminated !== undefined &&
    (restartPolicy === "Never" || (restartPolicy === "OnFailure" && terminated.exitCode === 0));
}

/** https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ */
function isSidecar(container: Container): boolean {
  // The published types that are used here are older than the field.
  return (container as { restartPolicy?: string }).restartPolicy === "Always";
}

function statusOf({ status = {} }: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } =
    status;
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
    .find((one) => one.name === name);
}

/** The states of a container, as in the API. */
type ContainerPhase = ContainerChoice["containerState"][number];

function phaseOf(status: ContainerStatus | undefined): ContainerPhase {
  if (status?.state?.running !== undefined) return "running";
  return status?.state?.terminated !== undefined ? "terminated" : "waiting";
}

function fits(name: string, choice: NameChoice): boolean {
  return choice.kind === "exact" ? name === choice.name : choice.regExp.test(name);
}
