/** ReplicaSets: N pods of one template. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { ReplicaSet } from "kubernetes-types/apps/v1.d.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import { claim } from "./claim.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import { sameJson } from "../store/equality.ts";
import type { Live } from "./kinds.ts";
import {
  generatedName,
  inDeletionOrder,
  isActive,
  isAvailable,
  isReady,
  nextAvailability,
  podFromTemplate,
} from "./pods.ts";
import { matchesLabels } from "./selector.ts";

/** Maintains each ReplicaSet's pods at its number of replicas. */
export const replicaSetController: Controller = {
  name: "replicaset-controller",
  watches: ["replicaSets", "pods"],
  reconcile: (state) => state.active("replicaSets").flatMap((set) => reconcileSet(set, state)),
};

function reconcileSet(set: Live<ReplicaSet>, state: ClusterSnapshot): ControllerAction[] {
  const { owned, actions } = claim(state, "pods", set);
  if (actions.length > 0) return actions;
  const active = owned.filter(isActive);
  const scaling = set.metadata.deletionTimestamp === undefined ? scale(set, active, state) : [];
  const status = statusOf(set, active, state.now);
  const moment = nextAvailability(active, set.spec?.minReadySeconds ?? 0, state.now);
  return [
    ...scaling,
    ...(sameJson(status, set.status) ? [] : [updateAction("replicaSets", { ...set, status })]),
    ...(moment === undefined ? [] : [{ kind: "requeue", at: moment } as const]),
  ];
}

function scale(
  set: Live<ReplicaSet>,
  active: readonly Live<Pod>[],
  state: ClusterSnapshot,
): ControllerAction[] {
  const missing = (set.spec?.replicas ?? 1) - active.length;
  if (missing < 0) {
    return inDeletionOrder(active).slice(0, -missing).flatMap((pod) => [
      deleteAction("pods", pod),
      note("Normal", set, "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`),
    ]);
  }
  return Array.from({ length: missing }, (_, index) => {
    const name = generatedName(set.metadata.name, state.version, index);
    return [
      createAction("pods", newPod(set, name)),
      note("Normal", set, "SuccessfulCreate", `Created pod: ${name}`),
    ];
  }).flat();
}

function newPod(set: Live<ReplicaSet>, name: string): Pod {
  const pod = podFromTemplate(set.spec?.template ?? {}, set, name);
  return { ...pod, metadata: { ...pod.metadata, generateName: `${set.metadata.name}-` } };
}

function statusOf(set: Live<ReplicaSet>, active: readonly Live<Pod>[], now: Date) {
  const { minReadySeconds = 0, template } = set.spec ?? {};
  const { generation, labels } = { ...set.metadata, labels: template?.metadata?.labels };
  const counts = {
    fullyLabeledReplicas: active.filter((pod) => matchesLabels(labels, pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
  };
  return {
    // As on the wire: a count of zero is absent, the number of replicas never is.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    replicas: active.length,
    observedGeneration: generation ?? 0,
  };
}
