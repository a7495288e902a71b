/** The scheduler: finds a node for each pod that has none. https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/ */
import type {
  Namespace,
  Node,
  Pod,
  PodAffinityTerm,
  PodCondition,
} from "kubernetes-types/core/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, note, updateAction } from "./action.ts";
import { withCondition } from "./conditions.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import { nodeAccepts } from "./node_fit.ts";
import { parseQuantity } from "../../../src/base/quantity.ts";
import { isFinished } from "./pods.ts";
import { matchesSelector } from "./selector.ts";

/** Binds pods to nodes, and reports why it can't. */
export const schedulerController: Controller = {
  name: "default-scheduler",
  watches: ["pods", "nodes", "persistentVolumeClaims"],
  reconcile(state) {
    const capacities = state.list("nodes").map((node) => capacityOf(node, state));
    return state.list("pods").filter(waitsForNode).flatMap((pod) =>
      schedule(pod, capacities, state)
    );
  },
};

function waitsForNode(pod: Live<Pod>): boolean {
  const { nodeName, schedulerName = "default-scheduler", schedulingGates = [] } = {
    nodeName: undefined,
    ...pod.spec,
  };
  return (nodeName === undefined || nodeName === "") && schedulerName === "default-scheduler" &&
    schedulingGates.length === 0 && pod.metadata.deletionTimestamp === undefined &&
    !isFinished(pod);
}

/** A node and its remaining capacity during this pass. */
interface NodeCapacity extends Placement {
  free: Record<string, number>;
  pods: Live<Pod>[];
}

function capacityOf(node: Live<Node>, state: ClusterSnapshot): NodeCapacity {
  const allocatable = Object.entries(node.status?.allocatable ?? {});
  const capacity: NodeCapacity = {
    node,
    free: Object.fromEntries(allocatable.map(([name, value]) => [name, amountOf(value)])),
    pods: [],
  };
  for (const pod of state.list("pods")) {
    if (pod.spec?.nodeName === node.metadata.name && !isFinished(pod)) occupy(capacity, pod);
  }
  return capacity;
}

/** JSON may have a plain number; an invalid quantity counts as nothing, for the API refuses it first. */
function amountOf(value: string | number): number {
  return parseQuantity(String(value)) ?? 0;
}

/** Returns the requests of a pod: the sum of its containers, and itself as one of the node's pods. */
function requestsOf(pod: Pod): Record<string, number> {
  const requests: Record<string, number> = { pods: 1 };
  for (const container of pod.spec?.containers ?? []) {
    for (const [name, value] of Object.entries(container.resources?.requests ?? {})) {
      requests[name] = (requests[name] ?? 0) + amountOf(value);
    }
  }
  return requests;
}

function occupy(capacity: NodeCapacity, pod: Live<Pod>): void {
  capacity.pods.push(pod);
  for (const [name, amount] of Object.entries(requestsOf(pod))) {
    const free = capacity.free[name];
    if (free !== undefined) capacity.free[name] = free - amount;
  }
}

function schedule(
  pod: Live<Pod>,
  capacities: readonly NodeCapacity[],
  state: ClusterSnapshot,
): ControllerAction[] {
  const claims = unreadyClaim(pod, state);
  if (claims !== undefined) return refuse(pod, claims, capacities, state);
  const namespaces = state.list("namespaces");
  const refusals = new Map<string, number>();
  const fitting: NodeCapacity[] = [];
  for (const capacity of capacities) {
    const reasons = refusalsOf(capacity, pod, { placements: capacities, namespaces });
    if (reasons.length === 0) fitting.push(capacity);
    for (const reason of reasons) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
  }
  const best = fitting.sort((a, b) => (b.free["pods"] ?? 0) - (a.free["pods"] ?? 0))[0];
  if (best !== undefined) return bind(pod, best, state);
  const reasons = [...refusals].map(([reason, count]) => `${count} ${reason}`).sort();
  return refuse(pod, reasons.join(", "), capacities, state);
}

/** Returns the reasons of the first plug-in that refuses, as the real one does, which runs them in turn. */
function refusalsOf(
  capacity: NodeCapacity,
  pod: Live<Pod>,
  cluster: Parameters<typeof affinityRefusal>[2],
): string[] {
  const { node, free } = capacity;
  const refused = nodeAccepts(node, pod) ?? portRefusal(capacity, pod);
  if (refused !== undefined) return [refused];
  const lacking = Object.entries(requestsOf(pod))
    .filter(([name, amount]) => amount > (free[name] ?? 0))
    .map(([name]) => (name === "pods" ? "Too many pods" : `Insufficient ${name}`));
  return lacking.length > 0 ? lacking : [affinityRefusal(node, pod, cluster) ?? []].flat();
}

/** Claims are checked before nodes: without its volumes a pod isn't scheduled. */
function unreadyClaim(pod: Live<Pod>, state: ClusterSnapshot): string | undefined {
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (persistentVolumeClaim === undefined) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = state.get("persistentVolumeClaims", pod.metadata.namespace ?? "", claimName);
    if (claim === undefined) return `persistentvolumeclaim "${claimName}" not found`;
    if (claim.status?.phase !== "Bound") {
      return "pod has unbound immediate PersistentVolumeClaims";
    }
  }
  return undefined;
}

function bind(pod: Live<Pod>, capacity: NodeCapacity, state: ClusterSnapshot): ControllerAction[] {
  occupy(capacity, pod);
  const nodeName = capacity.node.metadata.name;
  const { namespace = "", name } = pod.metadata;
  const condition: PodCondition = { type: "PodScheduled", status: "True" };
  return [
    updateAction("pods", {
      ...withScheduling(pod, condition, state),
      spec: { ...pod.spec ?? { containers: [] }, nodeName },
    }),
    note("Normal", pod, "Scheduled", `Successfully assigned ${namespace}/${name} to ${nodeName}`),
  ];
}

function withScheduling(
  pod: Live<Pod>,
  condition: PodCondition,
  state: ClusterSnapshot,
): Live<Pod> {
  const conditions = withCondition(pod.status?.conditions, condition, state.now);
  return { ...pod, status: { ...pod.status, conditions } };
}

function refuse(
  pod: Live<Pod>,
  why: string,
  capacities: readonly NodeCapacity[],
  state: ClusterSnapshot,
): ControllerAction[] {
  const message = capacities.length === 0
    ? "no nodes available to schedule pods"
    : `0/${capacities.length} nodes are available: ${why}.${preemption(why, capacities.length)}`;
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
  const next = withScheduling(pod, condition, state);
  return sameJson(next, pod)
    ? []
    : [updateAction("pods", next), note("Warning", pod, "FailedScheduling", message)];
}

/** Returns the real one's message about preemption: it could only free what other pods have taken. */
function preemption(why: string, count: number): string {
  const verdict =
    /^\d+ (Insufficient|Too many|node\(s\) didn't (have free ports|match pod anti|satisfy existing))/
        .test(why)
      ? "No preemption victims found for incoming pod."
      : "Preemption is not helpful for scheduling.";
  return ` preemption: 0/${count} nodes are available: ${count} ${verdict}`;
}

/*
 * Whether a pod fits beside the scheduled ones: affinity between pods, and ports of the node.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */

/** A node and the pods on it that haven't ended. */
interface Placement {
  node: Live<Node>;
  pods: readonly Live<Pod>[];
}

/** Returns why a pod can't have its ports on a node, with the scheduler's message; undefined if it can. */
function portRefusal({ pods }: Placement, pod: Pod): string | undefined {
  const desired = hostPorts(pod);
  const taken = pods.flatMap(hostPorts);
  const clash = desired.some((port) =>
    taken.some((other) =>
      port.protocol === other.protocol && port.hostPort === other.hostPort &&
      (port.hostIP === other.hostIP || [port.hostIP, other.hostIP].includes(anyAddress))
    )
  );
  return clash ? "node(s) didn't have free ports for the requested pod ports" : undefined;
}

const anyAddress = "0.0.0.0";

function hostPorts({ spec }: Pod) {
  return (spec?.containers ?? []).flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort !== 0)
    .map(({ hostPort, protocol = "TCP", hostIP = anyAddress }) => ({ hostPort, protocol, hostIP }));
}

/** Returns why other pods keep a pod off a node, with the scheduler's message; undefined if they don't. */
function affinityRefusal(
  node: Live<Node>,
  pod: Live<Pod>,
  cluster: { placements: readonly Placement[]; namespaces: readonly Live<Namespace>[] },
): string | undefined {
  const { placements, namespaces } = cluster;
  const takes = (owner: Live<Pod>, term: PodAffinityTerm, other: Live<Pod>) =>
    matchesTerm(owner, term, other, namespaces);
  const near = ({ topologyKey }: PodAffinityTerm) => {
    const domain = node.metadata.labels?.[topologyKey];
    return domain === undefined
      ? []
      : placements.filter((each) => each.node.metadata.labels?.[topologyKey] === domain)
        .flatMap(({ pods }) => pods);
  };
  const desired = requiredTerms(pod, "podAffinity");
  const everywhere = placements.flatMap(({ pods }) => pods);
  // The first of a group with affinity to itself has no match yet.
  const first =
    desired.every((term) =>
      takes(pod, term, pod) && node.metadata.labels?.[term.topologyKey] !== undefined
    ) && !desired.some((term) => everywhere.some((other) => takes(pod, term, other)));
  if (!first && !desired.every((term) => near(term).some((other) => takes(pod, term, other)))) {
    return "node(s) didn't match pod affinity rules";
  }
  const shunned = requiredTerms(pod, "podAntiAffinity");
  if (shunned.some((term) => near(term).some((other) => takes(pod, term, other)))) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  const shunning = everywhere.some((other) =>
    requiredTerms(other, "podAntiAffinity").some((term) =>
      takes(other, term, pod) && near(term).includes(other)
    )
  );
  return shunning ? "node(s) didn't satisfy existing pods anti-affinity rules" : undefined;
}

function requiredTerms(
  { spec }: Pod,
  kind: "podAffinity" | "podAntiAffinity",
): readonly PodAffinityTerm[] {
  return spec?.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function matchesTerm(
  owner: Live<Pod>,
  { labelSelector, namespaces, namespaceSelector }: PodAffinityTerm,
  other: Live<Pod>,
  all: readonly Live<Namespace>[],
): boolean {
  const home = other.metadata.namespace ?? "";
  const own = (namespaces ?? []).length === 0 && namespaceSelector === undefined;
  const labels = all.find(({ metadata }) => metadata.name === home)?.metadata.labels;
  const isThere = own
    ? home === owner.metadata.namespace
    : (namespaces ?? []).includes(home) || matchesSelector(namespaceSelector, labels);
  return isThere && matchesSelector(labelSelector, other.metadata.labels);
}
