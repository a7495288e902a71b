/** Snapshots a session's volumes in the cluster by its own storage, whether the session runs or not. */
import { action, type Hint, hint, option } from "../../../base/hint.ts";
import { Deadline } from "../../../base/abort.ts";
import { formatDuration } from "../../../base/duration.ts";
import { KodamaError } from "../../../base/errors.ts";
import { scriptCommand } from "../../../base/shell_script.ts";
import { LiveList } from "../../../kube/live_list.ts";
import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  VOLUME_SNAPSHOT_CLASSES,
  VOLUME_SNAPSHOTS,
} from "../../../kube/resources.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../../kube/types.ts";
import { carriedFolders } from "../../../session/carried.ts";
import type { Session } from "../../../session/model.ts";
import { runInPod } from "../../../podscript/run_in_pod.ts";
import { checkedSnapshotName } from "../../../session/names.ts";
import { liveStatus } from "../../../session/status.ts";
import type { SessionStore } from "../../../session/store.ts";
import {
  claimName,
  defaultClassAnnotation,
  selectSnapshot,
  type StoredSnapshot,
  storedSnapshots,
  volumeParts,
  type VolumeSnapshot,
  volumeSnapshot,
  type VolumeSnapshotClass,
} from "../../../session/volume_snapshot.ts";
import type { Host } from "../../host.ts";
import type { SessionRef } from "../events.ts";
import { targetOf } from "../../find_session.ts";
import { openSession } from "../../session_ref.ts";
import { requireFiles } from "../new_session.ts";
import { cleanUp, kodamaErrorOf, withOutcome } from "../cleanup.ts";
import { plainText } from "../../../base/plain_text.ts";
import { wholeList } from "../../../kube/http/list.ts";

/** Which session, and the options. */
export interface TakeOptions extends SessionRef {
  /** The snapshot's name; `NAME-TIME` if absent. */
  as?: string;
  className?: string;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** A usable snapshot. */
interface TakenSnapshot extends StoredSnapshot {
  context: string;
  /** Notes for the user. */
  notes: readonly string[];
}

/** A controller's refusal that persists for this time is permanent. */
const refusalMs = 10_000;
/** Without a change the state is checked at this interval: a wait has time limits. */
const tickMs = 1000;
/** Flushing a pod's last writes to a disk takes time. */
const flushLimitMs = 60_000;

/**
 * Takes a snapshot; yields the reasons for waiting. It exists only once the cluster reports that both volumes can be
 * used: otherwise all of it is removed.
 *
 * @throws KodamaError `conflict` if the cluster can't, with the way out; `timeout`.
 */
export async function* takeSnapshot(
  host: Host,
  options: TakeOptions,
): AsyncGenerator<string, TakenSnapshot> {
  const { name, signal } = options;
  const { store, stored: found, pod } = await openSession(host, options, signal);
  requireFiles(found.session);
  const snapshot = checkedSnapshotName(
    options.as ?? `${name}-${host.clock.now().toISOString().replace(/\D/g, "").slice(0, 14)}`,
  );
  const claims = await boundClaims(store, name);
  const classes = await Promise.all(
    claims.map((claim) =>
      snapshotClass(store, claim, { session: name, className: options.className, signal })
    ),
  );
  const notes = pod === undefined ? [] : yield* flushed(host, store, { found, pod, signal });
  const session = restorableSession(found.session, claims[0]);
  const objects = volumeParts.map((part, index) =>
    volumeSnapshot(session, { name: snapshot, part, className: classes[index] })
  );
  const made: VolumeSnapshot[] = [];
  try {
    for (const object of objects) made.push(await created(store, object, signal));
    const wait = { snapshot, limitMs: options.readyTimeoutMs, signal };
    const ready = yield* untilUsable(host, store, wait);
    return { ...ready, context: store.client.context, notes };
  } catch (error) {
    const failure = kodamaErrorOf(error, signal);
    throw await removeUnusable(host, store, { snapshot, made, error: failure });
  }
}

async function boundClaims(
  store: SessionStore,
  session: string,
): Promise<PersistentVolumeClaim[]> {
  return await Promise.all(volumeParts.map(async (part) => {
    const name = claimName(session, part);
    const claim = await store.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, name);
    if (claim?.status?.phase === "Bound") return claim;
    const why = claim === undefined ? "isn't there" : "isn't bound to a volume yet";
    throw new KodamaError("conflict", `claim "${name}" ${why}: there is nothing to snapshot`, {
      hint: hint`${action("get", { name: session })} shows details`,
    });
  }));
}

/**
 * Omits the parts that are specific to this machine and moment: useless to a restore. The class of the claims is
 * included.
 */
function restorableSession(session: Session, claim: PersistentVolumeClaim | undefined): Session {
  const { agent: _agent, message: _message, ...rest } = session;
  const storageClass = claim?.spec?.storageClassName ?? session.spec.storageClass;
  const spec = { ...session.spec, ...(storageClass === undefined ? {} : { storageClass }) };
  return { ...rest, spec, sync: { enabled: false } };
}

/** A pod's writes are in the node's memory first, and in no snapshot of the disk until they are flushed. */
async function* flushed(
  host: Host,
  store: SessionStore,
  { found, pod, signal }: { found: { session: Session }; pod: Pod; signal: AbortSignal },
): AsyncGenerator<string, string[]> {
  if (liveStatus(found.session, pod).status !== "Running") return [];
  yield "flushing writes to disk";
  const access = { client: store.client, target: targetOf(store, pod), clock: host.clock, signal };
  const paths = carriedFolders.map(({ path }) => path);
  // Debian's `sync` takes paths, busybox's needs an option; syncing the whole node works with both.
  const command = scriptCommand([`sync -f "$@" 2>/dev/null || sync`], paths);
  const { outcome } = await runInPod(access, { argv: command, timeoutMs: flushLimitMs });
  return outcome.kind === "ok" ? [] : [
    `the session runs, and its files couldn't be flushed to disk (${outcome.kind}): what was ` +
    "written in the last half minute may not be in the snapshot",
  ];
}

async function created(
  store: SessionStore,
  object: VolumeSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshot> {
  const { namespace, client } = store;
  try {
    return await client.create(VOLUME_SNAPSHOTS, object, { namespace }, { signal });
  } catch (error) {
    if (!(error instanceof KodamaError) || signal.aborted) throw error;
    const session = object.spec.source.persistentVolumeClaimName ?? "";
    if (error.kind === "notFound") throw noSnapshots(session.replace(/^kodama-workspace-/, ""));
    if (error.kind !== "conflict") throw error;
    throw new KodamaError(
      "conflict",
      `there is a VolumeSnapshot "${object.metadata.name}" in namespace "${namespace}" already`,
      { hint: hint`${option("as")} gives the snapshot another name` },
    );
  }
}

async function* untilUsable(
  host: Host,
  store: SessionStore,
  { snapshot, limitMs, signal }: { snapshot: string; limitMs: number; signal: AbortSignal },
): AsyncGenerator<string, StoredSnapshot> {
  using deadline = new Deadline(host.clock, limitMs, signal);
  const { namespace, client } = store;
  let waits = "";
  let refusedMs: number | undefined;
  try {
    const scope = { namespace, labelSelector: selectSnapshot(snapshot) };
    const list = new LiveList<VolumeSnapshot>(
      [{ client, resource: VOLUME_SNAPSHOTS, scope }],
      { clock: host.clock, signal: deadline.signal },
    );
    for await (const { objects } of list.snapshots(tickMs)) {
      const [found] = storedSnapshots([...objects.values()]);
      if (found?.state === "Ready") return found;
      if (found === undefined || found.state === "Incomplete") {
        throw new KodamaError("conflict", `snapshot "${snapshot}" was deleted meanwhile`);
      }
      waits = waitingFor(found);
      yield waits;
      const nowMs = host.clock.elapsedMs();
      refusedMs = found.state === "Failed" ? refusedMs ?? nowMs : undefined;
      if (refusedMs !== undefined && nowMs - refusedMs >= refusalMs) {
        throw new KodamaError("conflict", `the cluster takes no snapshot: ${waits}`);
      }
    }
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError(
      "timeout",
      `snapshot "${snapshot}" can't be used after ${formatDuration(limitMs)}: ${waits}`,
      { hint: hint`${option("timeout")} waits longer` },
    );
  }
  throw new Error("a watch without an end has ended");
}

/** `workspace: no word of it yet`. */
function waitingFor({ volumes }: StoredSnapshot): string {
  return volumes.filter(({ ready }) => !ready)
    .map(({ part, error }) => `${part}: ${error?.message ?? "not ready to use yet"}`).join("; ");
}

/** Removes a snapshot that can't be used. */
async function removeUnusable(
  host: Host,
  store: SessionStore,
  { snapshot, made, error }: {
    snapshot: string;
    made: readonly VolumeSnapshot[];
    error: KodamaError;
  },
): Promise<KodamaError> {
  if (made.length === 0) return error;
  const isRemoved = await cleanUp(host.clock, store, async (cleaning) => {
    for (const { metadata } of made) {
      const { name = "", uid } = metadata;
      await cleaning.remove(VOLUME_SNAPSHOTS, name, uid === undefined ? {} : { uid });
    }
  });
  const removal = action("snapshots.delete", { name: snapshot, namespace: store.namespace });
  return withOutcome(
    error,
    isRemoved ? `nothing remains of snapshot "${snapshot}"` : hint`${removal} deletes the rest`,
  );
}

/* Chooses the VolumeSnapshotClass for a session's claims, and checks whether the cluster supports snapshots. */

/** The annotations of a claim with its provisioner: current, and before Kubernetes 1.23. */
const provisionerAnnotations = [
  "volume.kubernetes.io/storage-provisioner",
  "volume.beta.kubernetes.io/storage-provisioner",
];

interface ClassRequest {
  /** The session's name, for the hint. */
  session: string;
  /** The named class; the driver's default class if absent. */
  className: string | undefined;
  signal: AbortSignal;
}

/**
 * Returns the class for a claim; undefined if the cluster is to use its default class because the user may not list the
 * classes.
 *
 * @throws KodamaError `conflict` if the cluster can't snapshot such a volume, `notFound` if the class doesn't exist.
 */
async function snapshotClass(
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
function noSnapshots(session: string): KodamaError {
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
