/** The kinds that the embedded cluster serves. Data: storage, discovery, paths and schemas follow from it. */
import type { ResourceType } from "./model.ts";

interface Names {
  kind: string;
  singular?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  /** True if it is absent. */
  namespaced?: boolean;
}

function resource(group: string, plural: string, names: Names): ResourceType {
  return {
    group,
    version: "v1",
    plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    kind: names.kind,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: names.namespaced ?? true,
  };
}

const rbac = "rbac.authorization.k8s.io";
const all = ["all"] as const;

/** Every served kind, under the name that the code of the cluster uses. */
export const resources = {
  namespaces: resource("", "namespaces", {
    kind: "Namespace",
    shortNames: ["ns"],
    namespaced: false,
  }),
  nodes: resource("", "nodes", { kind: "Node", shortNames: ["no"], namespaced: false }),
  persistentVolumes: resource("", "persistentvolumes", {
    kind: "PersistentVolume",
    shortNames: ["pv"],
    namespaced: false,
  }),
  pods: resource("", "pods", { kind: "Pod", shortNames: ["po"], categories: all }),
  configMaps: resource("", "configmaps", { kind: "ConfigMap", shortNames: ["cm"] }),
  secrets: resource("", "secrets", { kind: "Secret" }),
  persistentVolumeClaims: resource("", "persistentvolumeclaims", {
    kind: "PersistentVolumeClaim",
    shortNames: ["pvc"],
  }),
  services: resource("", "services", { kind: "Service", shortNames: ["svc"], categories: all }),
  serviceAccounts: resource("", "serviceaccounts", { kind: "ServiceAccount", shortNames: ["sa"] }),
  events: resource("", "events", { kind: "Event", shortNames: ["ev"] }),
  deployments: resource("apps", "deployments", {
    kind: "Deployment",
    shortNames: ["deploy"],
    categories: all,
  }),
  replicaSets: resource("apps", "replicasets", {
    kind: "ReplicaSet",
    shortNames: ["rs"],
    categories: all,
  }),
  statefulSets: resource("apps", "statefulsets", {
    kind: "StatefulSet",
    shortNames: ["sts"],
    categories: all,
  }),
  daemonSets: resource("apps", "daemonsets", {
    kind: "DaemonSet",
    shortNames: ["ds"],
    categories: all,
  }),
  jobs: resource("batch", "jobs", { kind: "Job", categories: all }),
  leases: resource("coordination.k8s.io", "leases", { kind: "Lease" }),
  storageClasses: resource("storage.k8s.io", "storageclasses", {
    kind: "StorageClass",
    shortNames: ["sc"],
    namespaced: false,
  }),
  volumeSnapshots: resource("snapshot.storage.k8s.io", "volumesnapshots", {
    kind: "VolumeSnapshot",
    shortNames: ["vs"],
  }),
  volumeSnapshotClasses: resource("snapshot.storage.k8s.io", "volumesnapshotclasses", {
    kind: "VolumeSnapshotClass",
    shortNames: ["vsclass", "vsclasses"],
    namespaced: false,
  }),
  roles: resource(rbac, "roles", { kind: "Role" }),
  roleBindings: resource(rbac, "rolebindings", { kind: "RoleBinding" }),
  clusterRoles: resource(rbac, "clusterroles", { kind: "ClusterRole", namespaced: false }),
  clusterRoleBindings: resource(rbac, "clusterrolebindings", {
    kind: "ClusterRoleBinding",
    namespaced: false,
  }),
} as const satisfies Record<string, ResourceType>;

/** All of them, in the order in which discovery lists them. */
export const resourceTypes: readonly ResourceType[] = Object.values(resources);

/** `v1` or `apps/v1`: an object's `apiVersion`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** Returns the name of a collection among all groups: the key of the store and of a journal's lines. */
export function typeKey(type: ResourceType): string {
  return `${type.group}/${type.plural}`;
}
