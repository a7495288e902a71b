/** Whether a world is ready: all pods that can run do. */
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { isActive, isFinished, isReady } from "./controllers/pods.ts";
import type { ClusterState } from "./controllers/state.ts";

/** The readiness of a world. */
export interface Readiness {
  /** The final state. A pod that can't be scheduled, or that crashes repeatedly, gets no further. */
  settled: boolean;
  pods: { ready: number; expected: number };
}

/** Reasons of a waiting container that time alone doesn't cure. */
const stuck = new Set([
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "ErrImageNeverPull",
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "RunContainerError",
]);

/** Computes the readiness of a state. */
export function readinessOf(state: ClusterState): Readiness {
  const nodeReady = state.list("nodes").some((node) =>
    node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  );
  const wanted = wantedReplicas(state);
  const pods = state.list("pods").filter(isActive);
  const placed = pods.filter((pod) => !isUnplaceable(pod));
  const ready = placed.filter(isReady).length;
  const unplaceable = pods.length - placed.length;
  const settled = nodeReady && pods.length >= wanted &&
    placed.every((pod) => isReady(pod) || isStuck(pod));
  return { settled, pods: { ready, expected: Math.max(wanted - unplaceable, placed.length) } };
}

function wantedReplicas(state: ClusterState): number {
  const sized = [
    ...state.list("deployments"),
    ...state.list("statefulSets"),
  ].map(({ spec }) => spec?.replicas ?? 1);
  return sized.reduce((sum, replicas) => sum + replicas, 0);
}

function isUnplaceable(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, reason }) =>
    type === "PodScheduled" && reason === "Unschedulable"
  ) ?? false;
}

function isStuck(pod: Pod): boolean {
  if (isFinished(pod)) return true;
  const statuses = [
    ...pod.status?.initContainerStatuses ?? [],
    ...pod.status?.containerStatuses ?? [],
  ];
  return statuses.some(({ state, lastState, restartCount }) =>
    // A container that was lost with an earlier run of the node did not crash.
    (restartCount > 0 && lastState?.terminated?.reason !== "Unknown") ||
    stuck.has(state?.waiting?.reason ?? "")
  );
}
