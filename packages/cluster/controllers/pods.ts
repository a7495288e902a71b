/**
 * The state of a pod that controllers use. The terms are those of the pod lifecycle page:
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
import type { OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import type { Pod, PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import { nameSuffix } from "./naming.ts";
import type { AnyLive, Live } from "./kinds.ts";

/** Returns whether its containers have all ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Returns whether it counts as one of the desired replicas: not ended and not being deleted. */
export function isActive(pod: Live<Pod>): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Returns whether its Ready condition is true. */
export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === "Ready");
}

/** When a pod counts as available: ready for `minReadySeconds`. Undefined while it isn't ready. */
function availableFrom(pod: Pod, minReadySeconds: number): Date | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== "True") return undefined;
  if (minReadySeconds === 0) return new Date(0);
  const since = condition.lastTransitionTime;
  return since === undefined ? undefined : new Date(Date.parse(since) + minReadySeconds * 1000);
}

/** Returns whether a pod has been ready for long enough. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Date): boolean {
  const from = availableFrom(pod, minReadySeconds);
  return from !== undefined && from <= now;
}

/** Returns the next moment at which one of the pods becomes available without any change. */
export function nextAvailability(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: Date,
): Date | undefined {
  const moments = pods.map((pod) => availableFrom(pod, minReadySeconds)?.getTime() ?? 0)
    .filter((moment) => moment > now.getTime());
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

/** Returns the reference by which an object manages its dependents. */
export function managedBy(owner: AnyLive): OwnerReference {
  return {
    apiVersion: owner.apiVersion ?? "",
    kind: owner.kind ?? "",
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Returns an unused name, the same for the same state: the store's version never repeats. */
export function generatedName(base: string, version: number, index: number): string {
  return `${base.slice(0, 57)}-${nameSuffix(`${base}/${version}/${index}`)}`;
}

/** Returns a pod as its template describes it. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: AnyLive,
  name: string,
): Pod & { metadata: { name: string; labels: Record<string, string> } } {
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: owner.metadata.namespace ?? "",
      labels: { ...labels },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [managedBy(owner)],
    },
    spec: structuredClone(template.spec ?? { containers: [] }),
    status: { phase: "Pending" },
  };
}

/**
 * Returns the pods in the order of removal: those that never ran before those that do, then the not ready, then the
 * youngest. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 */
export function inDeletionOrder(pods: readonly Live<Pod>[]): Live<Pod>[] {
  return [...pods].sort((a, b) =>
    rank(a) - rank(b) || deletionCost(a) - deletionCost(b) ||
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

function rank(pod: Pod): number {
  if (pod.spec?.nodeName === undefined) return 0;
  if (pod.status?.phase === "Pending") return 1;
  return isReady(pod) ? 3 : 2;
}

function deletionCost(pod: Live<Pod>): number {
  return Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;
}
