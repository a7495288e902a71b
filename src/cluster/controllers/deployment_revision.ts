/** Maps ReplicaSets to revisions of a Deployment. `kubectl rollout history` and `undo` read the annotations. */
import type { Deployment, ReplicaSet } from "kubernetes-types/apps/v1.d.ts";
import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import type { Live } from "./kinds.ts";
import { hashLabel } from "./naming.ts";
import { managedBy } from "./pods.ts";

/** The label that distinguishes the pods of different revisions. */
const hashLabelKey = "pod-template-hash";

/** Annotations of a Deployment's ReplicaSets. */
export const annotationKeys = {
  revision: "deployment.kubernetes.io/revision",
  desired: "deployment.kubernetes.io/desired-replicas",
  max: "deployment.kubernetes.io/max-replicas",
} as const;

/** Not copied to ReplicaSets: they describe the Deployment's own writes. */
const ownAnnotations: readonly string[] = [
  "kubectl.kubernetes.io/last-applied-configuration",
  ...Object.values(annotationKeys),
];

/** Returns the revision of an object; 0 if it has none yet. */
export function revisionOf(object: { metadata: { annotations?: Record<string, string> } }): number {
  return Number(object.metadata.annotations?.[annotationKeys.revision] ?? 0) || 0;
}

/** Returns the ReplicaSet of the present template, the oldest if there are several. */
export function currentSet(
  deployment: Live<Deployment>,
  sets: readonly Live<ReplicaSet>[],
): Live<ReplicaSet> | undefined {
  return [...sets]
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
}

function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return sameJson(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabelKey]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return {
    spec: template?.spec,
    labels,
    annotations: template?.metadata?.annotations ?? {},
  };
}

/** Returns the desired annotations of a ReplicaSet: the Deployment's own, and its revision in the rollout. */
export function setAnnotations(
  deployment: Live<Deployment>,
  place: { revision: number; desired: number; max: number },
): Record<string, string> {
  const handedDown = Object.entries(deployment.metadata.annotations ?? {})
    .filter(([key]) => !ownAnnotations.includes(key));
  return {
    ...Object.fromEntries(handedDown),
    [annotationKeys.revision]: String(place.revision),
    [annotationKeys.desired]: String(place.desired),
    [annotationKeys.max]: String(place.max),
  };
}

/** Returns a ReplicaSet for the present template. `taken` reports which names are in use. */
export function newReplicaSet(
  deployment: Live<Deployment>,
  options: {
    replicas: number;
    annotations: Record<string, string>;
    taken: (name: string) => boolean;
  },
): ReplicaSet & { metadata: { name: string } } {
  const { template, selector, minReadySeconds = 0 } = deployment.spec ?? {};
  const hash = freeHash(deployment, options.taken);
  const labels = { ...template?.metadata?.labels, [hashLabelKey]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: options.annotations,
      ownerReferences: [managedBy(deployment)],
    },
    spec: {
      replicas: options.replicas,
      selector: {
        ...selector,
        matchLabels: { ...selector?.matchLabels, [hashLabelKey]: hash },
      },
      template: { ...template, metadata: { ...template?.metadata, labels } },
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
    },
    status: { replicas: 0 },
  };
}

/** Another template may have the same hash: then the next one is taken, as `collisionCount` does. */
function freeHash(deployment: Live<Deployment>, taken: (name: string) => boolean): string {
  for (let collisions = 0;; collisions++) {
    const hash = hashLabel({ ...deployment.spec?.template, collisions });
    if (!taken(`${deployment.metadata.name}-${hash}`)) return hash;
  }
}
