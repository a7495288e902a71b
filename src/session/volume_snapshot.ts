/**
 * Snapshots of a session's volumes by the cluster's own means: a VolumeSnapshot of each claim, and the session itself
 * as an annotation of one of them, so that whatever deletes the files deletes that too. Pure.
 *
 * https://kubernetes.io/docs/concepts/storage/volume-snapshots/
 */
import { plainText } from "../base/plain_text.ts";
import type { KubeObject } from "../kube/types.ts";
import { componentLabel, sessionLabel, sessionLabels, sessionNames } from "./names.ts";
import type { Session } from "./model.ts";
import { longestSnapshotName } from "./snapshot_names.ts";
import { sessionText } from "./state.ts";

/** What of a VolumeSnapshot is written and read. */
export interface VolumeSnapshot extends KubeObject {
  spec: {
    source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string };
    volumeSnapshotClassName?: string;
  };
  status?: {
    readyToUse?: boolean;
    /** The least that a claim made of it may ask for. */
    restoreSize?: string | number;
    /** Set when the driver has been asked. */
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
    error?: { message?: string; time?: string };
  };
}

/** What of a VolumeSnapshotClass is read. */
export interface VolumeSnapshotClass extends KubeObject {
  driver: string;
}

/** A volume of a session. */
export type VolumePart = "workspace" | "home";

/** Both, in the order in which they are taken. */
export const volumeParts: readonly VolumePart[] = ["workspace", "home"];

/** The label that tells which snapshot of a session it belongs to. */
export const snapshotLabel = "kodama.dev/snapshot";
/** The annotation that holds the session, as YAML. */
export const sessionAnnotation = "kodama.dev/session.yaml";

/** Selects those of all sessions. */
export const anySnapshot = `app.kubernetes.io/managed-by=kodama,${snapshotLabel}`;

/** Selects the objects of one snapshot. */
export function selectSnapshot(snapshot: string): string {
  return `app.kubernetes.io/managed-by=kodama,${snapshotLabel}=${snapshot}`;
}

/** What a class is asked for by default: the cluster's mark on it. */
export const defaultClassAnnotation = "snapshot.storage.kubernetes.io/is-default-class";

/** The name of a part's VolumeSnapshot. */
function volumeSnapshotName(snapshot: string, part: VolumePart): string {
  return part === "workspace" ? `kodama-workspace-${snapshot}` : `kodama-claude-home-${snapshot}`;
}

/** The claim of a session's part. */
export function claimName(session: string, part: VolumePart): string {
  const { workspaceClaim, homeClaim } = sessionNames(session);
  return part === "workspace" ? workspaceClaim : homeClaim;
}

/** The object that asks for the snapshot of a part. Without a class the cluster takes its default one. */
export function volumeSnapshot(
  session: Session,
  { name, part, className }: { name: string; part: VolumePart; className: string | undefined },
): VolumeSnapshot {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshot",
    metadata: {
      name: volumeSnapshotName(name, part),
      namespace: session.namespace,
      labels: { ...sessionLabels(session.name, part), [snapshotLabel]: name },
      ...(part === "workspace"
        ? { annotations: { [sessionAnnotation]: sessionText(session) } }
        : {}),
    },
    spec: {
      source: { persistentVolumeClaimName: claimName(session.name, part) },
      ...(className === undefined ? {} : { volumeSnapshotClassName: className }),
    },
  };
}

/** One volume of a snapshot. */
export interface SnapshotVolume {
  part: VolumePart;
  /** Of the VolumeSnapshot. */
  name: string;
  ready: boolean;
  /** A quantity; absent until the driver tells it, and where it never does. */
  size?: string;
  className?: string;
  /** The driver's, or the controller's. It tries again once the driver was asked. */
  error?: { message: string; final: boolean };
}

/** A snapshot as the cluster has it. */
export interface KeptSnapshot {
  name: string;
  namespace: string;
  /** Whose files they are. */
  session: string;
  /** RFC 3339. */
  takenAt: string;
  /** `Incomplete`: a part of it is gone, or can't be read as a session; nothing can be made of it. */
  state: "Ready" | "Pending" | "Failed" | "Incomplete";
  volumes: readonly SnapshotVolume[];
}

/** The snapshots that the objects are; by namespace, and within one the newest first. */
export function keptSnapshots(objects: readonly VolumeSnapshot[]): KeptSnapshot[] {
  const groups = Map.groupBy(
    objects.filter(({ metadata }) => metadata.labels?.[snapshotLabel] !== undefined),
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[snapshotLabel]}`,
  );
  return [...groups.values()].map(keptSnapshot).sort((a, b) =>
    a.namespace === b.namespace
      ? (a.takenAt === b.takenAt ? compared(a.name, b.name) : compared(b.takenAt, a.takenAt))
      : compared(a.namespace, b.namespace)
  );
}

function compared(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function keptSnapshot(objects: readonly VolumeSnapshot[]): KeptSnapshot {
  const volumes = volumeParts.flatMap((part) => {
    const object = objects.find(({ metadata }) => metadata.labels?.[componentLabel] === part);
    return object === undefined ? [] : [volumeOf(object, part)];
  });
  const { labels, namespace = "" } = objects[0]?.metadata ?? {};
  const times = objects.map(({ metadata, status }) =>
    status?.creationTime ?? String(metadata.creationTimestamp ?? "")
  );
  const hasSession = objects.some(({ metadata }) =>
    metadata.annotations?.[sessionAnnotation] !== undefined
  );
  return {
    name: plainText(labels?.[snapshotLabel] ?? "", longestSnapshotName),
    namespace,
    session: plainText(labels?.[sessionLabel] ?? "", longestSnapshotName),
    takenAt: plainText(times.toSorted()[0] ?? "", 40),
    state: stateOf(volumes, hasSession && objects.every(isThere)),
    volumes,
  };
}

function isThere({ metadata }: VolumeSnapshot): boolean {
  return metadata.deletionTimestamp === undefined;
}

function stateOf(volumes: readonly SnapshotVolume[], isWhole: boolean): KeptSnapshot["state"] {
  if (!isWhole || volumes.length < volumeParts.length) return "Incomplete";
  if (volumes.every(({ ready }) => ready)) return "Ready";
  return volumes.some(({ error }) => error?.final) ? "Failed" : "Pending";
}

/** What a VolumeSnapshot says of itself. */
function volumeOf({ metadata, spec, status }: VolumeSnapshot, part: VolumePart) {
  const size = status?.restoreSize;
  const { volumeSnapshotClassName: className } = spec;
  const message = status?.error?.message;
  // Before the driver was asked the controller's word is the last: the class, or the claim, isn't what it should be.
  const final = status?.boundVolumeSnapshotContentName === undefined;
  return {
    part,
    name: metadata.name ?? "",
    ready: status?.readyToUse === true,
    ...(size === undefined ? {} : { size: plainText(String(size), 40) }),
    ...(className === undefined ? {} : { className: plainText(className, 100) }),
    ...(message === undefined || status?.readyToUse === true
      ? {}
      : { error: { message: plainText(message, 300), final } }),
  } satisfies SnapshotVolume;
}
