/** Chooses the VolumeSnapshotClass for a session's claims, and checks whether the cluster supports snapshots. */
import { action, type Hint, hint, option } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import { plainText } from "../../../base/plain_text.ts";
import { wholeList } from "../../../kube/http/list.ts";
import { PERSISTENT_VOLUMES, VOLUME_SNAPSHOT_CLASSES } from "../../../kube/resources.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../../kube/types.ts";
import type { SessionStore } from "../../../session/store.ts";
import {
  defaultClassAnnotation,
  type VolumeSnapshotClass,
} from "../../../session/volume_snapshot.ts";

/** The annotations of a claim with its provisioner: current, and before Kubernetes 1.23. */
const provisionerAnnotations = [
  "volume.kubernetes.io/storage-provisioner",
  "volume.beta.kubernetes.io/storage-provisioner",
];

/** The requested class. */
export interface ClassRequest {
  /** The session's name, for the hint. */
  session: string;
  /** The named class; the driver's default one if absent. */
  className: string | undefined;
  signal: AbortSignal;
}

/**
 * Returns the class for a claim; undefined if the cluster is to use its default one because the user may not list
 * them.
 *
 * @throws KodamaError `conflict` if the cluster can't snapshot such a volume, `notFound` if the class doesn't exist.
 */
export async function snapshotClass(
  store: SessionStore,
  claim: PersistentVolumeClaim,
  request: ClassRequest,
): Promise<string | undefined> {
  const [classes, driver] = await Promise.all([
    classesOf(store, request),
    driverOf(store, claim, request.signal),
  ]);
  if (classes === undefined) return request.className;
  return chosenClass(classes, { driver, claim: claim.metadata?.name ?? "", ...request });
}

/** Returns undefined if they may not be listed: they are cluster-scoped. */
async function classesOf(
  { client }: SessionStore,
  { session, signal }: ClassRequest,
): Promise<readonly VolumeSnapshotClass[] | undefined> {
  try {
    const list = () => client.list<VolumeSnapshotClass>(VOLUME_SNAPSHOT_CLASSES, {}, { signal });
    return (await wholeList(list)).items;
  } catch (error) {
    if (!(error instanceof KodamaError) || signal.aborted) throw error;
    if (error.kind === "forbidden") return undefined;
    if (error.kind === "notFound") throw noSnapshots(session);
    throw error;
  }
}

/** Returns the error of a cluster without snapshots. */
export function noSnapshots(session: string): KodamaError {
  return new KodamaError(
    "conflict",
    "this cluster takes no snapshots of volumes: it doesn't serve snapshot.storage.k8s.io/v1",
    { hint: intoFile(session) },
  );
}

function intoFile(session: string): Hint {
  return hint`${
    action("snapshot", { name: session, output: "FILE" })
  } saves a running session to a local file`;
}

/** Returns the CSI driver of a claim's volume; undefined if it can't be determined. */
async function driverOf(
  store: SessionStore,
  { metadata, spec }: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<string | undefined> {
  const annotated = provisionerAnnotations.map((key) => metadata?.annotations?.[key])
    .find((one) => one !== undefined);
  if (annotated !== undefined) return annotated;
  try {
    const volume = await store.get<PersistentVolume>(PERSISTENT_VOLUMES, spec?.volumeName ?? "");
    return volume?.spec?.csi?.driver;
  } catch (error) {
    // Volumes are cluster-scoped: most users may not list them.
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}

/** Returns the chosen class. */
export function chosenClass(
  classes: readonly VolumeSnapshotClass[],
  { driver, claim, className, session }: {
    driver: string | undefined;
    claim: string;
    className: string | undefined;
    session: string;
  },
): string | undefined {
  if (className !== undefined) return namedClass(classes, { driver, claim, className });
  if (driver === undefined) return undefined;
  const able = classes.filter((one) => one.driver === driver);
  if (able.length === 0) {
    throw new KodamaError(
      "conflict",
      `claim "${claim}" is of provisioner "${
        plainText(driver, 100)
      }", and no VolumeSnapshotClass ` +
        "takes snapshots of its volumes",
      { hint: intoFile(session) },
    );
  }
  const defaults = able.filter(({ metadata }) =>
    metadata.annotations?.[defaultClassAnnotation] === "true"
  );
  if (defaults.length === 1) return defaults[0]?.metadata.name;
  const several = defaults.length > 1;
  throw new KodamaError(
    "conflict",
    `${several ? "several VolumeSnapshotClasses are" : "no VolumeSnapshotClass is"} the default ` +
      `one of provisioner "${plainText(driver, 100)}"`,
    { hint: hint`${option("class")} chooses one: ${namesOf(several ? defaults : able)}` },
  );
}

function namedClass(
  classes: readonly VolumeSnapshotClass[],
  { driver, claim, className }: { driver: string | undefined; claim: string; className: string },
): string {
  const named = classes.find(({ metadata }) => metadata.name === className);
  const able = classes.filter((one) => driver === undefined || one.driver === driver);
  const wayOut = able.length === 0
    ? {}
    : { hint: hint`${option("class")} takes one of: ${namesOf(able)}` };
  if (named === undefined) {
    throw new KodamaError("notFound", `there is no VolumeSnapshotClass "${className}"`, wayOut);
  }
  if (driver === undefined || named.driver === driver) return className;
  throw new KodamaError(
    "conflict",
    `VolumeSnapshotClass "${className}" is of driver "${
      plainText(named.driver, 100)
    }", and claim ` +
      `"${claim}" of "${plainText(driver, 100)}"`,
    wayOut,
  );
}

function namesOf(classes: readonly VolumeSnapshotClass[]): string {
  return classes.map(({ metadata }) => plainText(metadata.name ?? "", 100)).sort().join(", ");
}
