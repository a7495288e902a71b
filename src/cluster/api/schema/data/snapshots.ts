/**
 * Volume snapshots: the fields of the published CustomResourceDefinitions (version 8), in the notation of
 * {@link ../parse.ts}.
 */
import type { Package } from "../model.ts";

/** They have no protobuf: the numbers of their fields are their order. */
export const snapshots: readonly Package[] = [
  {
    name: "io.k8s.storage.snapshot.v1",
    definitions: {
      VolumeSnapshot:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec!:VolumeSnapshotSpec 3.status:VolumeSnapshotStatus",
      VolumeSnapshotSpec: "1.source!:VolumeSnapshotSource 2.volumeSnapshotClassName*",
      VolumeSnapshotSource: "1.persistentVolumeClaimName* 2.volumeSnapshotContentName*",
      VolumeSnapshotStatus: `
        1.boundVolumeSnapshotContentName* 2.creationTime:time 3.readyToUse*:bool
        4.restoreSize:quantity 5.error:VolumeSnapshotError 6.volumeGroupSnapshotName*
      `,
      VolumeSnapshotError: "1.time:time 2.message*",
      VolumeSnapshotClass: `
        apiVersion kind 1.metadata:ObjectMeta 2.driver! 3.parameters:{}string 4.deletionPolicy!
      `,
    },
  },
];
