/** DaemonSets: one pod on every node that takes it. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */
import type { DaemonSet, DaemonSetStatus } from "kubernetes-types/apps/v1.d.ts";
import type { Node, Pod, Toleration } from "kubernetes-types/core/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import { claim } from "./claim.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import { hashLabel } from "./naming.ts";
import {
  generatedName,
  isActive,
  isAvailable,
  isFinished,
  isReady,
  nextAvailability,
  podFromTemplate,
} from "./pods.ts";
import { resolveAmount } from "./rollout_plan.ts";
import { nodeAccepts, pinnedNode, pinToNode } from "./node_fit.ts";

const revisionLabel = "controller-revision-hash";

/** Maintains one pod of each DaemonSet on each node. */
export const daemonSetController: Controller = {
  name: "daemonset-controller",
  watches: ["daemonSets", "pods", "nodes"],
  reconcile: (state) => state.active("daemonSets").flatMap((set) => reconcileSet(set, state)),
};

/** The taints that a daemon tolerates and another pod would not: it is often what cures them. */
const daemonTolerations: readonly Toleration[] = [
  ...["not-ready", "unreachable"].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: "Exists",
    effect: "NoExecute",
  })),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: "Exists",
    effect: "NoSchedule",
  })),
];

interface Placement {
  set: Live<DaemonSet>;
  eligible: readonly Live<Node>[];
  pods: readonly Live<Pod>[];
  revision: string;
  state: ClusterSnapshot;
}

function reconcileSet(set: Live<DaemonSet>, state: ClusterSnapshot): ControllerAction[] {
  const { owned: pods, actions } = claim(state, "pods", set);
  if (actions.length > 0) return actions;
  const template = podFromTemplate(set.spec?.template ?? {}, set, set.metadata.name);
  const sample = { ...template, spec: withDaemonTolerations(template.spec ?? { containers: [] }) };
  const eligible = state.list("nodes").filter((node) => nodeAccepts(node, sample) === undefined);
  const revision = hashLabel(set.spec?.template);
  const placement = { set, eligible, pods, revision, state };
  const status = statusOf(placement);
  const moment = nextAvailability(pods, set.spec?.minReadySeconds ?? 0, state.now);
  return [
    ...(set.metadata.deletionTimestamp === undefined ? stepsOf(placement) : []),
    ...(sameJson(status, set.status) ? [] : [updateAction("daemonSets", { ...set, status })]),
    ...(moment === undefined ? [] : [{ kind: "requeue", at: moment } as const]),
  ];
}

function stepsOf(placement: Placement): ControllerAction[] {
  const { set, eligible, pods, state } = placement;
  const names = new Set(eligible.map(({ metadata }) => metadata.name));
  const occupied = new Set<string>();
  const surplus: Live<Pod>[] = [];
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) {
      occupied.add(pinnedNode(pod) ?? "");
      continue;
    }
    const node = pinnedNode(pod) ?? "";
    if (!names.has(node) || isFinished(pod) || occupied.has(node)) surplus.push(pod);
    else occupied.add(node);
  }
  const missing = eligible.filter(({ metadata }) => !occupied.has(metadata.name));
  const actions = [
    ...surplus.flatMap((pod) => deletion(set, pod)),
    ...missing.flatMap((node, index) => creation(placement, node, state.version, index)),
  ];
  return actions.length > 0 ? actions : replaceOutdated(placement);
}

function creation(
  { set, revision }: Placement,
  node: Live<Node>,
  version: number,
  index: number,
): ControllerAction[] {
  const name = generatedName(set.metadata.name, version, index);
  const pod = podFromTemplate(set.spec?.template ?? {}, set, name);
  const spec = withDaemonTolerations(pod.spec ?? { containers: [] });
  return [
    createAction("pods", {
      ...pod,
      metadata: {
        ...pod.metadata,
        generateName: `${set.metadata.name}-`,
        labels: {
          ...pod.metadata.labels,
          [revisionLabel]: revision,
          "pod-template-generation": String(set.metadata.generation ?? 1),
        },
      },
      spec: pinToNode(spec, node.metadata.name),
    }),
    note("Normal", set, "SuccessfulCreate", `Created pod: ${name}`),
  ];
}

function deletion(set: Live<DaemonSet>, pod: Live<Pod>): ControllerAction[] {
  return [
    deleteAction("pods", pod),
    note("Normal", set, "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`),
  ];
}

function withDaemonTolerations(spec: NonNullable<Pod["spec"]>): NonNullable<Pod["spec"]> {
  const present = spec.tolerations ?? [];
  const added = daemonTolerations.filter((each) => !present.some((one) => sameJson(one, each)));
  return { ...spec, tolerations: [...present, ...added] };
}

/** Replaces pods of an old template as far as `maxUnavailable` allows; unavailable ones first. */
function replaceOutdated({ set, eligible, pods, revision, state }: Placement): ControllerAction[] {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === "OnDelete") return [];
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const available = (pod: Live<Pod>) =>
    isActive(pod) && isAvailable(pod, minReadySeconds, state.now);
  const allowed = Math.max(
    1,
    resolveAmount(rollingUpdate?.maxUnavailable ?? 1, eligible.length, "up"),
  );
  let budget = allowed - (eligible.length - pods.filter(available).length);
  return pods.filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] !== revision)
    .sort((a, b) => Number(available(a)) - Number(available(b)))
    .flatMap((pod) => (!available(pod) || budget-- > 0 ? deletion(set, pod) : []));
}

function statusOf({ set, eligible, pods, revision, state }: Placement): DaemonSetStatus {
  const names = new Set(eligible.map(({ metadata }) => metadata.name));
  const active = pods.filter(isActive);
  const placed = active.filter((pod) => names.has(pinnedNode(pod) ?? ""));
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const available = placed.filter((pod) => isAvailable(pod, minReadySeconds, state.now)).length;
  const updated = placed.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision).length;
  const unavailable = eligible.length - available;
  return {
    currentNumberScheduled: placed.length,
    numberMisscheduled: active.length - placed.length,
    desiredNumberScheduled: eligible.length,
    numberReady: placed.filter(isReady).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    ...(available === 0 ? {} : { numberAvailable: available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
  };
}
