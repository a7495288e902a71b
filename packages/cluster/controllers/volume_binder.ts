/**
 * Volumes: binds each claim to the volume that it requests.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/
 */
import type { PersistentVolume, PersistentVolumeClaim } from "kubernetes-types/core/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import { parseQuantity } from "../../../src/base/quantity.ts";

/** The provisioner of claims here: the name that classes use. */
export const provisioner = "kodama.dev/local";
const defaultClassKey = "storageclass.kubernetes.io/is-default-class";

/**
 * Binds claims: to an existing volume, or to a new folder below `folder`. Maintains the default StorageClass
 * `standard`, and the VolumeSnapshotClass of that name.
 */
export function volumeController(folder: string): Controller {
  return {
    name: "persistentvolume-controller",
    watches: [
      "persistentVolumeClaims",
      "persistentVolumes",
      "storageClasses",
      "volumeSnapshotClasses",
    ],
    reconcile: (state) => [
      ...(state.list("storageClasses").length === 0
        ? [createAction("storageClasses", standard)]
        : []),
      ...(state.list("volumeSnapshotClasses").length === 0
        ? [createAction("volumeSnapshotClasses", standardSnapshots)]
        : []),
      ...bindClaims(state, folder),
      ...state.list("persistentVolumes").flatMap((volume) => settleVolume(volume, state)),
    ],
  };
}

const standard: StorageClass & { metadata: { name: string } } = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "standard", annotations: { [defaultClassKey]: "true" } },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

const standardSnapshots: KubeObject = {
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshotClass",
  metadata: {
    name: "standard",
    annotations: { "snapshot.storage.kubernetes.io/is-default-class": "true" },
  },
  driver: provisioner,
  deletionPolicy: "Delete",
};

function bindClaims(state: ClusterSnapshot, folder: string): ControllerAction[] {
  const taken = new Set<string>();
  return state.list("persistentVolumeClaims")
    .filter(({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status?.phase !== "Bound"
    )
    .flatMap((claim) => bindClaim(claim, { state, folder, taken }));
}

function bindClaim(
  claim: Live<PersistentVolumeClaim>,
  { state, folder, taken }: { state: ClusterSnapshot; folder: string; taken: Set<string> },
): ControllerAction[] {
  const storageClassName = claim.spec?.storageClassName ?? defaultClass(state);
  const present = state.list("persistentVolumes").find((volume) =>
    !taken.has(volume.metadata.name) && serves(volume, claim, storageClassName ?? "")
  );
  if (present !== undefined) {
    taken.add(present.metadata.name);
    return boundTo(claim, present, storageClassName);
  }
  const ours = state.list("storageClasses").some((each) =>
    each.metadata.name === storageClassName && each.provisioner === provisioner
  );
  if (!ours || claim.spec?.volumeName !== undefined) return [];
  const volume = provisioned(claim, storageClassName ?? "", folder);
  return [
    createAction("persistentVolumes", volume),
    note(
      "Normal",
      claim,
      "ProvisioningSucceeded",
      `Successfully provisioned volume ${volume.metadata.name}`,
    ),
  ];
}

function defaultClass(state: ClusterSnapshot): string | undefined {
  return state.list("storageClasses")
    .find(({ metadata }) => metadata.annotations?.[defaultClassKey] === "true")?.metadata.name;
}

/** Returns whether a volume is free (or reserved for this claim) and offers what the claim requests. */
function serves(
  volume: Live<PersistentVolume>,
  claim: Live<PersistentVolumeClaim>,
  storageClassName: string,
): boolean {
  const { claimRef, storageClassName: offered = "", accessModes = [], capacity } = volume.spec ??
    {};
  const { volumeName, accessModes: desired = [], resources } = claim.spec ?? {};
  if (volumeName !== undefined && volumeName !== volume.metadata.name) return false;
  if (claimRef !== undefined) {
    return claimRef.namespace === claim.metadata.namespace &&
      claimRef.name === claim.metadata.name &&
      (claimRef.uid === undefined || claimRef.uid === claim.metadata.uid);
  }
  const requested = parseQuantity(String(resources?.requests?.["storage"] ?? "0")) ?? 0;
  return offered === storageClassName && desired.every((mode) => accessModes.includes(mode)) &&
    (parseQuantity(String(capacity?.["storage"] ?? "0")) ?? 0) >= requested;
}

function referenceTo(claim: Live<PersistentVolumeClaim>) {
  const { namespace = "", name, uid } = claim.metadata;
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid };
}

/** Returns the node's folder of a claim: see `node/volumes.ts`. */
function claimFolder({ metadata }: Live<PersistentVolumeClaim>): string {
  return `${metadata.namespace ?? ""}_${metadata.name}_${metadata.uid}`;
}

function provisioned(
  claim: Live<PersistentVolumeClaim>,
  storageClassName: string,
  folder: string,
): PersistentVolume & { metadata: { name: string } } {
  const name = `pvc-${claim.metadata.uid}`;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "1Gi" },
      accessModes: claim.spec?.accessModes ?? ["ReadWriteOnce"],
      claimRef: referenceTo(claim),
      hostPath: { path: `${folder}/${claimFolder(claim)}`, type: "DirectoryOrCreate" },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName,
      volumeMode: claim.spec?.volumeMode ?? "Filesystem",
    },
    status: { phase: "Available" },
  };
}

function boundTo(
  claim: Live<PersistentVolumeClaim>,
  volume: Live<PersistentVolume>,
  storageClassName: string | undefined,
): ControllerAction[] {
  const { accessModes = [], capacity = {} } = volume.spec ?? {};
  return [
    updateAction("persistentVolumes", {
      ...volume,
      spec: { ...volume.spec, claimRef: referenceTo(claim) },
      status: { phase: "Bound" },
    }),
    updateAction("persistentVolumeClaims", {
      ...claim,
      metadata: madeHere(volume)
        ? { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...provisionedBy } }
        : claim.metadata,
      spec: {
        ...claim.spec,
        volumeName: volume.metadata.name,
        ...(storageClassName === undefined ? {} : { storageClassName }),
      },
      status: { phase: "Bound", accessModes, capacity },
    }),
  ];
}

/** The annotation with a claim's provisioner, as on a claim of a CSI driver. */
const provisionedBy = { "volume.kubernetes.io/storage-provisioner": provisioner };

function madeHere({ metadata }: Live<PersistentVolume>): boolean {
  return metadata.annotations?.["pv.kubernetes.io/provisioned-by"] === provisioner;
}

/**
 * Returns the actions for volumes: one whose claim is deleted is released, or removed by its policy; a new one is made
 * available.
 */
function settleVolume(volume: Live<PersistentVolume>, state: ClusterSnapshot): ControllerAction[] {
  if (volume.metadata.deletionTimestamp !== undefined) return [];
  const { claimRef, persistentVolumeReclaimPolicy } = volume.spec ?? {};
  const phase = volume.status?.phase;
  if (phase === undefined || phase === "Pending") {
    return [updateAction("persistentVolumes", { ...volume, status: { phase: "Available" } })];
  }
  if (claimRef?.uid === undefined || phase === "Released") return [];
  const claim = state.get("persistentVolumeClaims", claimRef.namespace ?? "", claimRef.name ?? "");
  if (claim?.metadata.uid === claimRef.uid) return [];
  return persistentVolumeReclaimPolicy === "Delete"
    ? [deleteAction("persistentVolumes", volume)]
    : [updateAction("persistentVolumes", { ...volume, status: { phase: "Released" } })];
}
