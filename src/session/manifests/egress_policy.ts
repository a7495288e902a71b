/** The addresses that a session may reach, if that is limited. Pure. */
import type { KubeObject } from "../../kube/types.ts";
import type { EgressRule } from "../model.ts";
import { selectSession, sessionLabels, sessionNames } from "../names.ts";

/** Names are resolved by any server of the cluster. */
const dns = { ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }] };

/**
 * The policy. Beside its rules, port 53 is open to any address.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 * A policy takes effect only if the cluster's network plug-in enforces policies.
 */
export function egressPolicy(
  session: { name: string; namespace: string },
  rules: readonly EgressRule[],
): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: sessionNames(session.name).egressPolicy,
      namespace: session.namespace,
      labels: sessionLabels(session.name, "egress"),
    },
    spec: {
      podSelector: {
        matchLabels: Object.fromEntries(
          selectSession(session.name).split(",").map((pair) => pair.split("=")),
        ),
      },
      policyTypes: ["Egress"],
      egress: [dns, ...rules.map(peer)],
    },
  };
}

function peer({ cidr, ports = [], udpPorts = [] }: EgressRule) {
  const listed = [
    ...ports.map((port) => ({ protocol: "TCP", port })),
    ...udpPorts.map((port) => ({ protocol: "UDP", port })),
  ];
  return { to: [{ ipBlock: { cidr } }], ...(listed.length === 0 ? {} : { ports: listed }) };
}
