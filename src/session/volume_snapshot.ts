/**
 * Snapshots of a session's volumes by the cluster's own means: a VolumeSnapshot of each claim, and the session itself
 * as an annotation of the first, so that deleting the files deletes that too. Pure.
 *
 * https://kubernetes.io/docs/concepts/storage/volume-snapshots/
 */
import { plainText } from "../base/plain_text.ts";
import type { KubeObject } from "../kube/types.ts";
import { longestSnapshotName, sessionLabel, sessionLabels, sessionNames } from "./names.ts";
import type { Session } from "./model.ts";
import { sessionText } from "./state.ts";

/** The fields of a VolumeSnapshot that are written and read. */
export interface VolumeSnapshot extends KubeObject {
  spec: {
    source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string };
    volumeSnapshotClassName?: string;
  };
  status?: {
    readyToUse?: boolean;
    /** The least that a claim created from it may request. */
    restoreSize?: string | number;
    /** Set when the driver has received the request. */
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
    error?: { message?: string; time?: string };
  };
}

/** The fields of a VolumeSnapshotClass that are read. */
export interface VolumeSnapshotClass extends KubeObject {
  driver: string;
}

/** A volume of a session. */
export type VolumePart = "workspace" | "home";

/** Both, in the order of the snapshots. */
export const volumeParts: readonly VolumePart[] = ["workspace", "home"];

/** The label with the snapshot of a session that it belongs to. */
export const snapshotLabel = "kodama.dev/snapshot";
/** The annotation that stores the session, as YAML. */
export const sessionAnnotation = "kodama.dev/session.yaml";

/** Selects those of all sessions. */
export const anySnapshot = snapshotLabel;

/** Selects the objects of a snapshot. */
export function selectSnapshot(snapshot: string): string {
  return `${snapshotLabel}=${snapshot}`;
}

/** The annotation that marks the cluster's default class. */
export const defaultClassAnnotation = "snapshot.storage.kubernetes.io/is-default-class";

/** Returns the name of a part's VolumeSnapshot. */
function volumeSnapshotName(snapshot: string, part: VolumePart): string {
  return part === "workspace" ? `kodama-workspace-${snapshot}` : `kodama-claude-home-${snapshot}`;
}

/** Returns the claim of a session's part. */
export function claimName(session: string, part: VolumePart): string {
  const { workspaceClaim, homeClaim } = sessionNames(session);
  return part === "workspace" ? workspaceClaim : homeClaim;
}

/** Returns the object that requests the snapshot of a part. Without a class the cluster uses its default class. */
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
      labels: { ...sessionLabels(session, part), [snapshotLabel]: name },
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

/** A volume of a snapshot. */
export interface SnapshotVolume {
  part: VolumePart;
  name: string;
  ready: boolean;
  /** A quantity; absent until the driver reports it, which some never do. */
  size?: string;
  className?: string;
  /** The driver's, or the controller's. It is retried once the driver has the request. */
  error?: { message: string; final: boolean };
}

/** A snapshot in the cluster. */
export interface StoredSnapshot {
  name: string;
  namespace: string;
  /** The session that the files belong to. */
  session: string;
  /** RFC 3339. */
  takenAt: string;
  /** `Incomplete`: a part of it is missing, or can't be parsed as a session; it can't be restored. */
  state: "Ready" | "Pending" | "Failed" | "Incomplete";
  volumes: readonly SnapshotVolume[];
}

/**
 * Returns the snapshots of the objects; by namespace, and within a namespace the newest first. Kubernetes' times are
 * whole seconds: within a second, names decide, the last first, because a default name ends with its time.
 */
export function storedSnapshots(objects: readonly VolumeSnapshot[]): StoredSnapshot[] {
  const groups = Map.groupBy(
    objects.filter(({ metadata }) => metadata.labels?.[snapshotLabel] !== undefined),
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[snapshotLabel]}`,
  );
  return [...groups.values()].map(storedSnapshot).sort((a, b) =>
    a.namespace === b.namespace
      ? (a.takenAt === b.takenAt ? compared(b.name, a.name) : compared(b.takenAt, a.takenAt))
      : compared(a.namespace, b.namespace)
  );
}

function compared(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function storedSnapshot(objects: readonly VolumeSnapshot[]): StoredSnapshot {
  const volumes = volumeParts.flatMap((part) => {
    const object = objects.find(({ metadata: { name, labels } }) =>
      name === volumeSnapshotName(labels?.[snapshotLabel] ?? "", part)
    );
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

function stateOf(volumes: readonly SnapshotVolume[], isWhole: boolean): StoredSnapshot["state"] {
  if (!isWhole || volumes.length < volumeParts.length) return "Incomplete";
  if (volumes.every(({ ready }) => ready)) return "Ready";
  return volumes.some(({ error }) => error?.final) ? "Failed" : "Pending";
}

/** Returns the state that a VolumeSnapshot reports. */
function volumeOf({ metadata, spec, status }: VolumeSnapshot, part: VolumePart) {
  const size = status?.restoreSize;
  const { volumeSnapshotClassName: className } = spec;
  const message = status?.error?.message;
  // Before the driver has the request the controller's error is final: the class, or the claim, is wrong.
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
