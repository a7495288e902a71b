/** All objects of a session, in the order in which they are created. Pure. */
import type { ApiResource } from "../../kube/client.ts";
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SECRETS,
} from "../../kube/resources.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { EgressRule, Session } from "../model.ts";
import { stateObject } from "../state.ts";
import { claims, type VolumeSources } from "./claims.ts";
import { editorConfig, type EditorFile } from "./editor_config.ts";
import { envSecret, maskedSecret, type SessionSecrets } from "./env_secret.ts";
import { sessionAllowances, sessionPod } from "./pod.ts";
import { checkedPod } from "./pod_standard.ts";
import { sessionLabel, sessionLabels, sessionNames } from "../names.ts";

/** An object and its collection. */
export interface Manifest {
  resource: ApiResource;
  object: KubeObject;
}

/** A manifest, and whether it replaces the existing object. */
interface ConfigurationManifest extends Manifest {
  replace: boolean;
}

/** The parts that the session itself doesn't contain. */
export interface ManifestParts {
  secrets: SessionSecrets;
  editor: Readonly<Partial<Record<EditorFile, string>>>;
}

/** The parts of a machine without the user's files. */
export const noParts: ManifestParts = { secrets: { variables: new Map() }, editor: {} };

/**
 * Returns the objects that the pod needs beside its claims. Parts that this machine lacks don't replace existing parts.
 */
export function configuration(session: Session, parts: ManifestParts): ConfigurationManifest[] {
  const { egress } = session.spec;
  const { secrets, editor } = parts;
  return [
    {
      ...manifest(CONFIG_MAPS, editorConfig(session, editor)),
      replace: Object.keys(editor).length > 0,
    },
    {
      ...manifest(SECRETS, envSecret(session, secrets)),
      replace: secrets.variables.size > 0 || secrets.gitToken !== undefined,
    },
    ...(egress === undefined
      ? []
      : [{ ...manifest(NETWORK_POLICIES, egressPolicy(session, egress)), replace: true }]),
  ];
}

/** Returns the claims; restored from snapshots, if given. */
export function storage(session: Session, sources?: VolumeSources): Manifest[] {
  return claims(session, sources).map((claim) => manifest(PERSISTENT_VOLUME_CLAIMS, claim));
}

/**
 * Returns all manifests, as `--dry-run` prints them: without secrets.
 *
 * @throws KodamaError `config` if the pod may do more than a session's pod may.
 */
export function manifests(session: Session, parts: ManifestParts): KubeObject[] {
  const all = [
    manifest(CONFIG_MAPS, stateObject(session)),
    ...configuration(session, parts),
    ...storage(session),
    manifest(PODS, checkedPod(sessionPod(session), sessionAllowances(session))),
  ];
  return all.map(({ object }) => object.kind === "Secret" ? masked(object) : object);
}

function manifest(resource: ApiResource, object: object): Manifest {
  return { resource, object: object as KubeObject };
}

function masked(object: KubeObject): KubeObject {
  return maskedSecret(object as Parameters<typeof maskedSecret>[0]) as KubeObject;
}

/* The addresses that a session may reach, if that is limited. Pure. */

/** Names are resolved by any server of the cluster. */
const dns = { ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }] };

/**
 * The policy. Beside its rules, port 53 is open to any address.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 * A policy takes effect only if the cluster's network plug-in enforces policies.
 */
export function egressPolicy(
  session: Pick<Session, "name" | "namespace" | "spec">,
  rules: readonly EgressRule[],
): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: sessionNames(session.name).egressPolicy,
      namespace: session.namespace,
      labels: sessionLabels(session, "egress"),
    },
    spec: {
      podSelector: {
        matchLabels: { [sessionLabel]: session.name },
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
