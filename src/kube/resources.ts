/** The kinds that kodama requests itself, and their paths. */
import { UsageError } from "../base/errors.ts";
import type { ApiResource, ListScope } from "./client.ts";

function core(plural: string, kind: string, namespaced = true): ApiResource {
  return { group: "", version: "v1", plural, kind, namespaced };
}

function apps(plural: string, kind: string): ApiResource {
  return { group: "apps", version: "v1", plural, kind, namespaced: true };
}

function rbac(plural: string, kind: string): ApiResource {
  return { group: "rbac.authorization.k8s.io", version: "v1", plural, kind, namespaced: true };
}

export const PODS: ApiResource = core("pods", "Pod");
export const NAMESPACES: ApiResource = core("namespaces", "Namespace", false);
export const NODES: ApiResource = core("nodes", "Node", false);
export const EVENTS: ApiResource = core("events", "Event");
export const SERVICES: ApiResource = core("services", "Service");
export const CONFIG_MAPS: ApiResource = core("configmaps", "ConfigMap");
export const SECRETS: ApiResource = core("secrets", "Secret");
export const SERVICE_ACCOUNTS: ApiResource = core("serviceaccounts", "ServiceAccount");
export const PERSISTENT_VOLUME_CLAIMS: ApiResource = core(
  "persistentvolumeclaims",
  "PersistentVolumeClaim",
);
export const PERSISTENT_VOLUMES: ApiResource = core("persistentvolumes", "PersistentVolume", false);
/** https://kubernetes.io/docs/concepts/storage/volume-snapshots/ */
export const VOLUME_SNAPSHOTS: ApiResource = {
  group: "snapshot.storage.k8s.io",
  version: "v1",
  plural: "volumesnapshots",
  kind: "VolumeSnapshot",
  namespaced: true,
};
export const VOLUME_SNAPSHOT_CLASSES: ApiResource = {
  group: "snapshot.storage.k8s.io",
  version: "v1",
  plural: "volumesnapshotclasses",
  kind: "VolumeSnapshotClass",
  namespaced: false,
};
export const NETWORK_POLICIES: ApiResource = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "networkpolicies",
  kind: "NetworkPolicy",
  namespaced: true,
};
export const ROLES: ApiResource = rbac("roles", "Role");
export const ROLE_BINDINGS: ApiResource = rbac("rolebindings", "RoleBinding");
export const REPLICATION_CONTROLLERS: ApiResource = core(
  "replicationcontrollers",
  "ReplicationController",
);
export const DEPLOYMENTS: ApiResource = apps("deployments", "Deployment");
export const STATEFUL_SETS: ApiResource = apps("statefulsets", "StatefulSet");
export const DAEMON_SETS: ApiResource = apps("daemonsets", "DaemonSet");
export const REPLICA_SETS: ApiResource = apps("replicasets", "ReplicaSet");
export const JOBS: ApiResource = {
  group: "batch",
  version: "v1",
  plural: "jobs",
  kind: "Job",
  namespaced: true,
};

export const CRON_JOBS: ApiResource = {
  group: "batch",
  version: "v1",
  plural: "cronjobs",
  kind: "CronJob",
  namespaced: true,
};

function metrics(plural: string, kind: string, namespaced: boolean): ApiResource {
  return { group: "metrics.k8s.io", version: "v1beta1", plural, kind, namespaced };
}

/** Current usage, of an extension that a cluster may lack. https://github.com/kubernetes/metrics */
export const POD_METRICS: ApiResource = metrics("pods", "PodMetrics", true);
export const NODE_METRICS: ApiResource = metrics("nodes", "NodeMetrics", false);

/** A kind without its version: groups may have kinds of the same plural. */
type GroupKind = Pick<ApiResource, "group" | "plural">;

/** Returns whether two resources are of the same kind, in any version. */
export function isSameKind(a: GroupKind, b: GroupKind): boolean {
  return a.group === b.group && a.plural === b.plural;
}

/** Returns the name that means only this kind: `pods`, `deployments.apps`, `widgets.example.com`. */
export function kindName({ group, plural }: GroupKind): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** Returns the name of a kind as screens show it: `deployments`, and the group unless it is one of Kubernetes' first. */
export function shownKind(kind: GroupKind): string {
  return kind.group.includes(".") ? kindName(kind) : kind.plural;
}

/**
 * Returns whether a kind is of one of Kubernetes' own groups, of which those with a dot end in `k8s.io`.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/2337-k8s.io-group-protection
 */
export function isOfKubernetes({ group }: GroupKind): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/**
 * Returns the path of a collection, or of one object in it. Every part is escaped, and none is one that a server decodes
 * to another path: https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/path/name.go
 *
 * @throws UsageError for such a part.
 */
export function resourcePath(
  resource: ApiResource,
  namespace: string | undefined,
  name?: string,
): string {
  const { group, version, plural, namespaced } = resource;
  const parts = group === "" ? ["api", version] : ["apis", group, version];
  if (namespaced && namespace !== undefined) parts.push("namespaces", namespace);
  parts.push(plural);
  if (name !== undefined) parts.push(name);
  for (const part of parts) {
    if (part === "" || part === "." || part === ".." || /[/%]/.test(part)) {
      throw new UsageError(`${JSON.stringify(part)} can't be the name of an object`);
    }
  }
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** Returns the query of a list or a watch; empty selectors are omitted. */
export function scopeQuery(scope: ListScope): URLSearchParams {
  const query = new URLSearchParams();
  if (scope.labelSelector) query.set("labelSelector", scope.labelSelector);
  if (scope.fieldSelector) query.set("fieldSelector", scope.fieldSelector);
  return query;
}
