/**
 * Kubernetes' defaults for the kinds that create pods.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 */
import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from "../../../kube/types.ts";
import { defaultPodSpec } from "./pod.ts";

interface WithTemplate {
  spec?: { template?: { spec?: Parameters<typeof defaultPodSpec>[0] } };
}

function defaultTemplate({ spec }: WithTemplate): void {
  if (spec?.template?.spec) defaultPodSpec(spec.template.spec);
}

/** Sets the defaults: one replica, rolled by quarters. */
export function defaultDeployment(deployment: Deployment): void {
  const { spec } = deployment;
  if (spec === undefined) return;
  defaultTemplate(deployment);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.strategy ??= {};
  spec.strategy.type ??= "RollingUpdate";
  if (spec.strategy.type !== "RollingUpdate") return;
  spec.strategy.rollingUpdate ??= {};
  spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
  spec.strategy.rollingUpdate.maxSurge ??= "25%";
}

/** Sets the defaults: one replica; its labels are its template's, if it has none. */
export function defaultReplicaSet(replicaSet: ReplicaSet): void {
  const { spec } = replicaSet;
  if (spec === undefined) return;
  defaultTemplate(replicaSet);
  spec.replicas ??= 1;
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(replicaSet.metadata?.labels ?? {}).length === 0) {
    replicaSet.metadata = { ...replicaSet.metadata, labels: { ...labels } };
  }
}

/** Sets the defaults: one replica, rolled in order; claims are retained. */
export function defaultStatefulSet(statefulSet: StatefulSet): void {
  const { spec } = statefulSet;
  if (spec === undefined) return;
  defaultTemplate(statefulSet);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.podManagementPolicy ??= "OrderedReady";
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= { whenDeleted: "Retain", whenScaled: "Retain" };
  spec.volumeClaimTemplates &&= spec.volumeClaimTemplates.map((claim) => ({
    status: { phase: "Pending" },
    ...claim,
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    ...(claim.spec ? { spec: { volumeMode: "Filesystem", ...claim.spec } } : {}),
  }));
}

/** Sets the defaults: rolled one node at a time. */
export function defaultDaemonSet(daemonSet: DaemonSet): void {
  const { spec } = daemonSet;
  if (spec === undefined) return;
  defaultTemplate(daemonSet);
  spec.revisionHistoryLimit ??= 10;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= "RollingUpdate";
  if (spec.updateStrategy.type !== "RollingUpdate") return;
  spec.updateStrategy.rollingUpdate ??= {};
  spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
}

/** Sets the defaults: one completion, six retries. */
export function defaultJob(job: Job): void {
  const { spec } = job;
  if (spec === undefined) return;
  defaultTemplate(job);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
}

/** Gives a new job a selector of its own, from its uid, unless its writer manages that. */
export function selectOwnPods(job: Job, uid: string): void {
  if (!job.spec?.template || job.spec.manualSelector) return;
  const labels = {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": job.metadata?.name ?? "",
    "controller-uid": uid,
    "job-name": job.metadata?.name ?? "",
  };
  const { metadata } = job.spec.template;
  job.spec.template.metadata = { ...metadata, labels: { ...metadata?.labels, ...labels } };
  job.spec.selector ??= { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}
