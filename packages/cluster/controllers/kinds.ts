/**
 * The types of the objects that controllers read and write, under the names of `resources.ts`: `state.list("pods")`
 * returns pods.
 */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { CronJob, Job } from "kubernetes-types/batch/v1.d.ts";
import type {
  ConfigMap,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ServiceAccount,
} from "kubernetes-types/core/v1.d.ts";
import type { ObjectMeta } from "kubernetes-types/meta/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import type { resources } from "../resources.ts";

interface KnownKinds {
  configMaps: ConfigMap;
  cronJobs: CronJob;
  daemonSets: DaemonSet;
  deployments: Deployment;
  events: Event;
  jobs: Job;
  namespaces: Namespace;
  nodes: Node;
  persistentVolumeClaims: PersistentVolumeClaim;
  persistentVolumes: PersistentVolume;
  podDisruptionBudgets: PodDisruptionBudget;
  pods: Pod;
  replicaSets: ReplicaSet;
  replicationControllers: ReplicationController;
  serviceAccounts: ServiceAccount;
  statefulSets: StatefulSet;
  storageClasses: StorageClass;
}

/** A served kind, by its name in `resources.ts`. */
export type KindName = keyof typeof resources;

/** The type of each name. */
export type KindMap = {
  [K in KindName]: K extends keyof KnownKinds ? KnownKinds[K] : KubeObject;
};

/** Metadata of an object that the store has accepted. */
export type LiveMeta = ObjectMeta & {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
};

/** An object that the store has accepted. */
export type Live<T> = T & { metadata: LiveMeta };

/** An object of which only the metadata matters: any owner, or the object of an Event. */
export type AnyLive = { apiVersion?: string; kind?: string; metadata: LiveMeta };

/** Returns metadata with one of its lists replaced. On the wire a list without items is omitted. */
export function withMetadataList(
  metadata: LiveMeta,
  field: "ownerReferences" | "finalizers",
  list: readonly unknown[],
): LiveMeta {
  const { [field]: _before, ...rest } = metadata;
  return list.length === 0 ? rest as LiveMeta : { ...rest, [field]: list } as LiveMeta;
}
