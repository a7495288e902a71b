/**
 * Whether a node fits a pod, by the specs of both.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
import type {
  Node,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Taint,
  Toleration,
} from "kubernetes-types/core/v1.d.ts";
import type { Live } from "./kinds.ts";
import { fulfils, matchesLabels } from "./selector.ts";

/** Returns why the node doesn't fit the pod, with the scheduler's message; undefined if it does. */
export function nodeAccepts(node: Live<Node>, pod: Pod): string | undefined {
  const taint = intolerable(node, pod.spec?.tolerations ?? []);
  if (taint !== undefined) {
    if (taint.key === "node.kubernetes.io/unschedulable") return "node(s) were unschedulable";
    const value = taint.value ?? "";
    return `node(s) had untolerated taint {${taint.key}: ${value}}`;
  }
  if (!matchesLabels(pod.spec?.nodeSelector, node.metadata.labels) || !fitsAffinity(node, pod)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  return undefined;
}

function intolerable(node: Node, tolerations: readonly Toleration[]): Taint | undefined {
  const cordoned: Taint[] = node.spec?.unschedulable === true
    ? [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]
    : [];
  return [...cordoned, ...node.spec?.taints ?? []].find((taint) =>
    taint.effect !== "PreferNoSchedule" && !tolerations.some((each) => tolerates(each, taint))
  );
}

/** Returns whether a toleration matches this taint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator = "Equal", value = "", effect } = toleration;
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key === undefined || key === "") return operator === "Exists";
  return key === taint.key && (operator === "Exists" || value === (taint.value ?? ""));
}

function requiredTerms(pod: Pod): NodeSelectorTerm[] | undefined {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms;
}

/** Returns whether any of the terms matches, each of which is all of its requirements. */
function fitsAffinity(node: Live<Node>, pod: Pod): boolean {
  const terms = requiredTerms(pod);
  if (terms === undefined) return true;
  const fields = { "metadata.name": node.metadata.name };
  return terms.some(({ matchExpressions = [], matchFields = [] }) =>
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((requirement) => fulfils(requirement, node.metadata.labels)) &&
    matchFields.every((requirement) => fulfils(requirement, fields))
  );
}

/** Returns the spec of a pod that only one node may take: as a DaemonSet assigns its pods. */
export function pinToNode(spec: PodSpec, node: string): PodSpec {
  const field = { key: "metadata.name", operator: "In", values: [node] };
  const present = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = present.map((term) => ({ ...term, matchFields: [field] }));
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
      },
    },
  };
}

/** Returns the node that a pod is on, or is pinned to. */
export function pinnedNode(pod: Pod): string | undefined {
  if (pod.spec?.nodeName !== undefined) return pod.spec.nodeName;
  return requiredTerms(pod)?.[0]?.matchFields?.find(({ key }) => key === "metadata.name")
    ?.values?.[0];
}
