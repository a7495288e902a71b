/**
 * Tables: the server's side of `kubectl get`.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import type { ResourceType, Stored } from "../../model.ts";
import { apiVersionOf, resources, typeKey } from "../../resources.ts";
import { ageColumn, type Column, nameColumn } from "./column.ts";
import * as core from "./core.ts";
import { podColumns } from "./pod.ts";
import {
  bindingColumns,
  leaseColumns,
  roleColumns,
  storageClassColumns,
  volumeSnapshotClassColumns,
  volumeSnapshotColumns,
} from "./rights.ts";
import * as workloads from "./workloads.ts";

const columnsOf = new Map<string, readonly Column[]>([
  [typeKey(resources.pods), podColumns],
  [typeKey(resources.namespaces), core.namespaceColumns],
  [typeKey(resources.nodes), core.nodeColumns],
  [typeKey(resources.persistentVolumes), core.persistentVolumeColumns],
  [typeKey(resources.persistentVolumeClaims), core.persistentVolumeClaimColumns],
  [typeKey(resources.configMaps), core.configMapColumns],
  [typeKey(resources.secrets), core.secretColumns],
  [typeKey(resources.services), core.serviceColumns],
  [typeKey(resources.serviceAccounts), core.serviceAccountColumns],
  [typeKey(resources.events), core.eventColumns],
  [typeKey(resources.deployments), workloads.deploymentColumns],
  [typeKey(resources.replicaSets), workloads.replicaSetColumns],
  [typeKey(resources.statefulSets), workloads.statefulSetColumns],
  [typeKey(resources.daemonSets), workloads.daemonSetColumns],
  [typeKey(resources.jobs), workloads.jobColumns],
  [typeKey(resources.leases), leaseColumns],
  [typeKey(resources.storageClasses), storageClassColumns],
  [typeKey(resources.volumeSnapshots), volumeSnapshotColumns],
  [typeKey(resources.volumeSnapshotClasses), volumeSnapshotClassColumns],
  [typeKey(resources.roles), roleColumns],
  [typeKey(resources.clusterRoles), roleColumns],
  [typeKey(resources.roleBindings), bindingColumns],
  [typeKey(resources.clusterRoleBindings), bindingColumns],
]);

const anyColumns: readonly Column[] = [nameColumn, ageColumn];

/** The content of each row beside its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** The fields of a table beside its rows. */
export interface TableOptions {
  includeObject: IncludeObject;
  now: Date;
  metadata: Record<string, unknown>;
  /** A watch sends its columns in its first event alone. */
  withColumns: boolean;
}

/** Returns the table of these objects. */
export function tableOf(
  type: ResourceType,
  objects: readonly Stored[],
  options: TableOptions,
): Record<string, unknown> {
  const columns = columnsOf.get(typeKey(type)) ?? anyColumns;
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: options.metadata,
    columnDefinitions: options.withColumns ? columns.map(columnDefinition) : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, options.now)),
      ...included(type, object, options.includeObject),
    })),
  };
}

function columnDefinition({ name, type, format, priority }: Column): Record<string, unknown> {
  return { name, type, format: format ?? "", description: "", priority };
}

function included(
  type: ResourceType,
  object: Stored,
  include: IncludeObject,
): Record<string, unknown> {
  switch (include) {
    case "None":
      return {};
    case "Metadata":
      return { object: partialObject(object) };
    case "Object":
      return { object: { ...object, kind: type.kind, apiVersion: apiVersionOf(type) } };
  }
}

/** Returns the metadata alone. */
export function partialObject({ metadata }: Stored): Record<string, unknown> {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}
