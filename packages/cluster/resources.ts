/** The kinds that the embedded cluster stores. Data: storage, discovery, paths and schemas follow from it. */
import { kubernetesApi, type PublishedKind } from "./kubernetes/published.ts";
import type { ResourceType } from "./model.ts";

/** The kinds that the code of the cluster names. */
type Named =
  | "clusterRoleBindings"
  | "clusterRoles"
  | "configMaps"
  | "cronJobs"
  | "daemonSets"
  | "deployments"
  | "events"
  | "jobs"
  | "leases"
  | "namespaces"
  | "nodes"
  | "persistentVolumeClaims"
  | "persistentVolumes"
  | "podDisruptionBudgets"
  | "pods"
  | "priorityClasses"
  | "replicaSets"
  | "replicationControllers"
  | "roleBindings"
  | "roles"
  | "secrets"
  | "serviceAccounts"
  | "services"
  | "statefulSets"
  | "storageClasses"
  | "volumeSnapshotClasses"
  | "volumeSnapshots";

/** All of them, in the order in which discovery lists them. */
export const resourceTypes: readonly PublishedKind[] = kubernetesApi.kinds;

/** Every kind by its plural, with the capitals of its name: `configMaps`. */
export const resources = Object.fromEntries(
  resourceTypes.map((type) => [nameOf(type), type]),
) as Readonly<Record<Named, PublishedKind>>;

function nameOf({ plural, kind }: ResourceType): string {
  return [...plural].map((letter, index) =>
    index > 0 && kind[index] === letter.toUpperCase() ? kind[index] : letter
  ).join("");
}

/** `v1` or `apps/v1`: an object's `apiVersion`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** Returns the name of a collection among all groups: the key of the store and of a journal's lines. */
export function typeKey(type: ResourceType): string {
  return `${type.group}/${type.plural}`;
}
