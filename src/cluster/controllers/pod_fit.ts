/**
 * Whether a pod fits beside the scheduled ones: affinity between pods, and ports of the node.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
import type { Namespace, Node, Pod, PodAffinityTerm } from "kubernetes-types/core/v1.d.ts";
import type { Live } from "./kinds.ts";
import { matchesSelector } from "./selector.ts";

/** A node and the pods on it that haven't ended. */
export interface Placement {
  node: Live<Node>;
  pods: readonly Live<Pod>[];
}

/** Returns why a pod can't have its ports on a node, with the scheduler's message; undefined if it can. */
export function portRefusal({ pods }: Placement, pod: Pod): string | undefined {
  const wanted = hostPorts(pod);
  const taken = pods.flatMap(hostPorts);
  const clash = wanted.some((port) =>
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
export function affinityRefusal(
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
  const wanted = requiredTerms(pod, "podAffinity");
  const everywhere = placements.flatMap(({ pods }) => pods);
  // The first of a group with affinity to itself has no match yet.
  const first =
    wanted.every((term) =>
      takes(pod, term, pod) && node.metadata.labels?.[term.topologyKey] !== undefined
    ) && !wanted.some((term) => everywhere.some((other) => takes(pod, term, other)));
  if (!first && !wanted.every((term) => near(term).some((other) => takes(pod, term, other)))) {
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
