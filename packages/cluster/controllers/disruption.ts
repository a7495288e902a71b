/** PodDisruptionBudgets: how many pods may be evicted now. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ */
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, updateAction } from "./action.ts";
import { withCondition } from "./conditions.ts";
import type { Live } from "./kinds.ts";
import { isActive, isFinished, isReady } from "./pods.ts";
import { resolveAmount } from "./rollout_plan.ts";
import { matchesSelector } from "./selector.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";

/** The kinds whose `spec.replicas` say how many pods there should be. */
const sized = ["replicaSets", "replicationControllers", "statefulSets"] as const;

/** Counts the healthy pods of each budget. */
export const disruptionController: Controller = {
  name: "disruption-controller",
  watches: ["podDisruptionBudgets", "pods", ...sized],
  reconcile: (state) => state.active("podDisruptionBudgets").flatMap((each) => report(each, state)),
};

function report(budget: Live<PodDisruptionBudget>, state: ClusterSnapshot): ControllerAction[] {
  const { namespace, generation = 0 } = budget.metadata;
  const { selector, minAvailable, maxUnavailable = 0 } = budget.spec ?? {};
  const pods = state.list("pods", namespace)
    .filter((pod) => !isFinished(pod) && matchesSelector(selector, pod.metadata.labels));
  const expected = expectedPods(pods, state);
  const desired = minAvailable === undefined
    ? Math.max(0, expected - resolveAmount(maxUnavailable, expected, "up"))
    : resolveAmount(minAvailable, expected, "up");
  const healthy = pods.filter((pod) => isActive(pod) && isReady(pod)).length;
  const allowed = expected === 0 ? 0 : Math.max(0, healthy - desired);
  const status = {
    observedGeneration: generation,
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions: withCondition(budget.status?.conditions, {
      type: "DisruptionAllowed",
      status: allowed > 0 ? "True" : "False",
      reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
      message: "",
      observedGeneration: generation,
      lastTransitionTime: "",
    }, state.now),
  };
  if (sameJson(status, budget.status)) return [];
  return [updateAction("podDisruptionBudgets", { ...budget, status })];
}

/** Returns how many pods their controllers maintain; a pod without such a controller counts as itself. */
function expectedPods(pods: readonly Live<Pod>[], state: ClusterSnapshot): number {
  const sizes = new Map(
    sized.flatMap((kind) =>
      state.list(kind).map(({ metadata, spec }) => [metadata.uid, spec?.replicas ?? 1] as const)
    ),
  );
  const owners = pods.map(({ metadata }) =>
    metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? metadata.uid
  );
  return [...new Set(owners)].reduce(
    (sum, uid) => sum + (sizes.get(uid) ?? owners.filter((each) => each === uid).length),
    0,
  );
}
