/**
 * The result of `rollout undo` for a workload: the template of the revision that it goes to, as kubectl chooses it.
 * Pure.
 */
import { isRecord } from "../../base/json_value.ts";
import type { KubeObject } from "../../kube/types.ts";

/** The number of a ReplicaSet's revision. */
const revisionAnnotation = "deployment.kubernetes.io/revision";

/** Annotations that a deployment keeps: https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollback.go */
const ownAnnotations: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
]);

/** Kinds of the objects that a workload's revisions are. */
export const revisionKinds: Readonly<Record<string, string>> = {
  Deployment: "replicasets.apps",
  DaemonSet: "controllerrevisions.apps",
  StatefulSet: "controllerrevisions.apps",
};

/**
 * Returns a workload as it is after its undo; undefined if it has no such revision.
 *
 * @param revisions objects of {@link revisionKinds} in its namespace.
 * @param to the requested revision; 0 for the revision before the current.
 */
export function undone(
  workload: KubeObject,
  revisions: readonly KubeObject[],
  to: number,
): KubeObject | undefined {
  const { uid } = workload.metadata ?? {};
  const own = revisions.filter(({ metadata }) =>
    metadata?.ownerReferences?.some((owner) => owner.uid === uid && owner.controller === true)
  ).map((object) => ({
    object,
    number: typeof object.revision === "number"
      ? object.revision
      : Number(object.metadata?.annotations?.[revisionAnnotation] ?? 0),
  })).toSorted((a, b) => a.number - b.number);
  const chosen = (to === 0 ? own.at(-2) : own.find(({ number }) => number === to))?.object;
  const template = chosen && templateOf(chosen);
  if (chosen === undefined || template === undefined) return undefined;
  return {
    ...workload,
    spec: { ...fieldsOf(workload.spec), template },
    ...(workload.kind === "Deployment" ? { metadata: restoredMetadata(workload, chosen) } : {}),
  };
}

/** A ReplicaSet has the template itself, with a label of its own; a ControllerRevision has a patch with it. */
function templateOf({ spec, data }: KubeObject): Record<string, unknown> | undefined {
  const { template } = fieldsOf(spec ?? fieldsOf(data).spec);
  if (!isRecord(template)) return undefined;
  const { $patch: _patch, metadata, ...rest } = template;
  const { labels, ...others } = fieldsOf(metadata);
  const { "pod-template-hash": _hash, ...own } = fieldsOf(labels);
  return { ...rest, metadata: { ...others, labels: own } };
}

function restoredMetadata(workload: KubeObject, revision: KubeObject): KubeObject["metadata"] {
  const { annotations: current = {} } = workload.metadata ?? {};
  const { annotations: former = {} } = revision.metadata ?? {};
  const annotations = Object.fromEntries([
    ...Object.entries(current).filter(([name]) => ownAnnotations.has(name)),
    ...Object.entries(former).filter(([name]) => !ownAnnotations.has(name)),
  ]);
  return { ...workload.metadata, annotations };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
