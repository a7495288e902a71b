/** What a session may reach, where that is limited. Pure. */
import type { KubeObject } from "../../kube/types.ts";
import type { EgressRule } from "../model.ts";
import { selectSession, sessionLabels, sessionNames } from "../names.ts";
import { UsageError } from "../../base/errors.ts";

/** Names are resolved wherever the cluster does it. */
const dns = { ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }] };

/**
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/ A policy binds only where the cluster's
 * network plug-in enforces policies.
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

function peer({ cidr, ports }: EgressRule) {
  return {
    to: [{ ipBlock: { cidr } }],
    ...(ports === undefined ? {} : { ports: ports.map((port) => ({ protocol: "TCP", port })) }),
  };
}

/**
 * `10.0.0.0/8`, `140.82.112.0/20:443`, `203.0.113.7:22,443`.
 *
 * @throws UsageError
 */
export function egressRule(text: string): EgressRule {
  const match = /^((?:\d{1,3}\.){3}\d{1,3})(?:\/(\d{1,2}))?(?::(\d+(?:,\d+)*))?$/.exec(text);
  const [, address = "", bits = "32", list] = match ?? [];
  const ports = list?.split(",").map(Number);
  const valid = match !== null && address.split(".").every((part) => Number(part) < 256) &&
    Number(bits) <= 32 && (ports ?? []).every((port) => port >= 1 && port <= 65535);
  if (!valid) {
    throw new UsageError(`${JSON.stringify(text.slice(0, 60))} isn't a destination`, {
      hint: "destinations are addresses with ports, as in 10.0.0.0/8 or 140.82.112.0/20:443",
    });
  }
  return { cidr: `${address}/${bits}`, ...(ports === undefined ? {} : { ports }) };
}
