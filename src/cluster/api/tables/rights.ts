/** The columns of roles and bindings, of leases, of storage classes and of snapshots. */
import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import type { RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { Stored } from "../../model.ts";
import { age, ageColumn, type Column, column, nameColumn } from "./column.ts";

/** Of roles, in a namespace or not. */
export const roleColumns: readonly Column[] = [
  nameColumn,
  column<Stored>("Created At", ({ metadata }) => metadata.creationTimestamp ?? ""),
];

function subjects(name: string, kind: string): Column {
  return column<RoleBinding>(
    name,
    (binding) =>
      (binding.subjects ?? []).filter((each) => each.kind === kind)
        .map((each) => kind === "ServiceAccount" ? `${each.namespace}/${each.name}` : each.name)
        .join(", "),
    { wide: true },
  );
}

/** Of bindings: the role; wide: the subjects. */
export const bindingColumns: readonly Column[] = [
  nameColumn,
  column<RoleBinding>("Role", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  subjects("Users", "User"),
  subjects("Groups", "Group"),
  subjects("ServiceAccounts", "ServiceAccount"),
];

/** The columns of a snapshot in its CustomResourceDefinition. */
interface Snapshot {
  spec?: { source?: { persistentVolumeClaimName?: string }; volumeSnapshotClassName?: string };
  status?: {
    readyToUse?: boolean;
    restoreSize?: string;
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
  };
}

/** Of snapshots of volumes. */
export const volumeSnapshotColumns: readonly Column[] = [
  nameColumn,
  column<Snapshot>("ReadyToUse", ({ status }) => status?.readyToUse ?? null, { type: "boolean" }),
  column<Snapshot>("SourcePVC", ({ spec }) => spec?.source?.persistentVolumeClaimName ?? null),
  column<Snapshot>("SourceSnapshotContent", () => null),
  column<Snapshot>("RestoreSize", ({ status }) => status?.restoreSize ?? null),
  column<Snapshot>("SnapshotClass", ({ spec }) => spec?.volumeSnapshotClassName ?? null),
  column<Snapshot>(
    "SnapshotContent",
    ({ status }) => status?.boundVolumeSnapshotContentName ?? null,
  ),
  column<Snapshot>(
    "CreationTime",
    ({ status }, now) => status?.creationTime === undefined ? null : age(status.creationTime, now),
  ),
  ageColumn,
];

/** Of their classes. */
export const volumeSnapshotClassColumns: readonly Column[] = [
  nameColumn,
  column<{ driver?: string }>("Driver", ({ driver }) => driver ?? null),
  column<{ deletionPolicy?: string }>(
    "DeletionPolicy",
    ({ deletionPolicy }) => deletionPolicy ?? null,
  ),
  ageColumn,
];

/** The holder of a lease. */
export const leaseColumns: readonly Column[] = [
  nameColumn,
  column<Lease>("Holder", ({ spec }) => spec?.holderIdentity ?? ""),
  ageColumn,
];

const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** The provisioner of volumes; the default class is marked at its name. */
export const storageClassColumns: readonly Column[] = [
  column<StorageClass>(
    "Name",
    ({ metadata }) =>
      `${metadata?.name ?? ""}${
        metadata?.annotations?.[defaultClass] === "true" ? " (default)" : ""
      }`,
  ),
  column<StorageClass>("Provisioner", ({ provisioner }) => provisioner),
  column<StorageClass>("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
  column<StorageClass>(
    "VolumeBindingMode",
    ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate",
  ),
  column<StorageClass>(
    "AllowVolumeExpansion",
    ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    { type: "boolean" },
  ),
  ageColumn,
];
