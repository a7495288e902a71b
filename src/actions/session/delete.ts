/** Deletes a session: planned first, so that the user sees the objects that are removed, and those that remain. */
import { requireWritable } from "../../kube/client_limits.ts";
import { action, hint } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ApiResource } from "../../kube/client.ts";
import { KodamaError, unlessError } from "../../base/errors.ts";
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  VOLUME_SNAPSHOTS,
} from "../../kube/resources.ts";
import type { KubeObject, PersistentVolumeClaim, Pod } from "../../kube/types.ts";
import { isPassing } from "../../session/manifests/snapshot_pod.ts";
import { sessionNames } from "../../session/names.ts";
import type { SessionStore } from "../../session/store.ts";
import { storedSnapshots, type VolumeSnapshot } from "../../session/volume_snapshot.ts";
import type { Host } from "../host.ts";
import type { DeletionPlan, PlannedRemoval, SessionRef, Unsaved } from "./events.ts";
import { removeLocalSession } from "./local_file.ts";
import { type Consent, requireConsent } from "./owner.ts";
import { noSession, openStore } from "../session_ref.ts";
import type { SyncProgress } from "../sync/syncs.ts";
import { type Accepted, requireSaved, saveWork, unsavedWork } from "./unsaved.ts";
import { untilGone } from "./wait_ready.ts";

/** Which session, and which of its parts. */
interface DeleteSessionOptions extends SessionRef {
  consent: Consent;
  /** Deletes the claims too, with all their contents. */
  purge: boolean;
  /** Deletes its snapshots in the cluster too. */
  snapshots?: boolean;
  /** Retains `sessions/NAME.yaml`. */
  keepConfig: boolean;
  signal: AbortSignal;
}

/** A plan, and the function that runs it. */
interface PlannedDeletion {
  plan: DeletionPlan;
  /**
   * Runs it, when the sync has come to its end; yields each object that was removed. May be repeated after any failure.
   *
   * @param accepted work that a purge may lose.
   * @throws UnsavedError before anything is removed if there is other work.
   */
  run(accepted: Accepted): AsyncGenerator<SyncProgress | PlannedRemoval, void>;
}

/** How long a pod may take to end before its claims, which it holds, are removed. */
const endTimeoutMs = 120_000;

/** The order after the pods. The state comes last: while anything else exists, the session is still listed, and can be deleted again. */
const order: readonly ApiResource[] = [
  ROLE_BINDINGS,
  ROLES,
  NETWORK_POLICIES,
  SECRETS,
  CONFIG_MAPS,
];

/** Few users may list or change these: no session needs a right to them. */
const optional: readonly ApiResource[] = [NETWORK_POLICIES, ROLE_BINDINGS, ROLES];

/**
 * Finds the existing objects of a session.
 *
 * @throws KodamaError `notFound` if there are none at all.
 */
export async function planDeletion(
  host: Host,
  options: DeleteSessionOptions,
): Promise<PlannedDeletion> {
  const { name, purge, signal, snapshots: takesSnapshots = false } = options;
  const store = await openStore(host, options, signal);
  requireWritable(store.client, "delete a session");
  const [there, pods, others, claims, taken] = await Promise.all([
    // A state that can't be read is deleted like any other.
    unlessError(["conflict"], store.read(name)),
    store.ofSession(PODS, name),
    Promise.all(order.map((resource) => removalsOf(store, resource, name))),
    store.ofSession<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, name),
    snapshotsOf(store, name),
  ]);
  const state = sessionNames(name).state;
  const found = [...pods.map((pod) => asRemoval(PODS, pod)), ...others.flat()].sort((a, b) =>
    Number(a.name === state) - Number(b.name === state)
  );
  // The claims of a killed restore are no one's work, and are removed with their owner, the state.
  const lasting = claims.filter(({ metadata }) => !isPassing(name, metadata?.name ?? ""));
  const retained = lasting.map((claim) => ({
    resource: PERSISTENT_VOLUME_CLAIMS,
    name: claim.metadata?.name ?? "",
    size: sizeOf(claim),
  }));
  if (found.length === 0 && (retained.length === 0 || !purge)) {
    throw nothingThere(name, store, retained);
  }
  const snapshotRemovals = takesSnapshots
    ? taken.map(({ metadata }) => ({ resource: VOLUME_SNAPSHOTS, name: metadata.name ?? "" }))
    : [];
  const removals = purge ? withClaims(found, [...retained, ...snapshotRemovals], state) : found;
  if (there !== undefined) {
    await requireConsent(store.client, there.session, { verb: "delete", ...options });
  }
  const own = pods.find(({ metadata }) => metadata.name === sessionNames(name).pod);
  const opened = there && { store, stored: there, pod: own as Pod | undefined };
  const unsaved: readonly Unsaved[] = !purge
    ? []
    : opened !== undefined
    ? await unsavedWork(host, opened, signal)
    : retained.length > 0
    ? [{ kind: "unknown", reason: "the session is deleted, so its volumes can't be looked at" }]
    : [];
  const plan: DeletionPlan = {
    name,
    unsaved,
    namespace: store.namespace,
    context: store.client.context,
    session: there?.session,
    removes: removals.map(asPlanned),
    claims: retained.map(({ name, size }) => ({ name, size })),
    snapshots: storedSnapshots(taken).map(({ name, takenAt }) => ({ name, takenAt })),
    takesSnapshots,
    purge,
  };
  return {
    plan,
    async *run(accepted) {
      if (accepted !== "everything") {
        const left = own === undefined || opened === undefined
          ? unsaved
          : yield* saveWork(host, opened, signal);
        if (purge) requireSaved(name, left, accepted);
      }
      yield* deletion(host, store, { options, uid: there?.uid, removals });
    },
  };
}

interface Removal {
  resource: ApiResource;
  name: string;
}

/** The claims are removed after the pod, and before the state. */
function withClaims(found: Removal[], claims: Removal[], state: string): Removal[] {
  const isState = ({ name }: Removal) => name === state;
  return [...found.filter((one) => !isState(one)), ...claims, ...found.filter(isState)];
}

async function* deletion(
  host: Host,
  store: SessionStore,
  { options, uid, removals }: {
    options: DeleteSessionOptions;
    uid: string | undefined;
    removals: readonly Removal[];
  },
): AsyncGenerator<PlannedRemoval, void> {
  const { name, signal, keepConfig } = options;
  const [{ endSync }, { endSessionForwards }] = await Promise.all([
    import("./sync_here.ts"),
    import("../forward/background.ts"),
  ]);
  const { namespace, client: { context } } = store;
  await endSync(host, { name, namespace, context, uid }, { forget: true, signal });
  await endSessionForwards(host, { name, namespace, context, uid }, { forget: true, signal });
  for (const removal of removals) {
    if (!await removed(store, removal)) continue;
    // Removing a claim that is still mounted would hang, and a missing secret would break a pod that is still ending.
    if (removal.resource === PODS && removal.name === sessionNames(name).pod) {
      await untilGone(host, store, { name, limitMs: endTimeoutMs, signal });
    }
    yield asPlanned(removal);
  }
  if (!keepConfig) {
    const { removeSsh } = await import("./ssh.ts");
    await Promise.all([
      removeLocalSession(host, name),
      removeSsh(host, { name, namespace: store.namespace }),
    ]);
  }
}

/**
 * Removes an object. Returns false if that isn't allowed, for objects that the cluster removes with their owner, the
 * state.
 */
async function removed(store: SessionStore, { resource, name }: Removal): Promise<boolean> {
  try {
    await store.remove(resource, name);
    return true;
  } catch (error) {
    const forbidden = error instanceof KodamaError && error.kind === "forbidden";
    if (forbidden && optional.includes(resource)) return false;
    throw error;
  }
}

function asPlanned({ resource, name }: Removal): PlannedRemoval {
  return { kind: resource.kind.toLowerCase(), name };
}

function asRemoval(resource: ApiResource, { metadata }: KubeObject): Removal {
  return { resource, name: metadata.name ?? "" };
}

/** Returns the objects of a kind; none of an optional kind that isn't served, or may not be listed. */
async function removalsOf(
  store: SessionStore,
  resource: ApiResource,
  session: string,
): Promise<Removal[]> {
  const objects = store.ofSession(resource, session);
  const found = await unlessError(
    optional.includes(resource) ? ["notFound", "forbidden"] : [],
    objects,
  );
  return (found ?? []).map((one) => asRemoval(resource, one));
}

/** As for policies: not every cluster has them, and not every user may list them. */
async function snapshotsOf(store: SessionStore, session: string): Promise<VolumeSnapshot[]> {
  const snapshots = store.ofSession<VolumeSnapshot>(VOLUME_SNAPSHOTS, session);
  return await unlessError(["notFound", "forbidden"], snapshots) ?? [];
}

function sizeOf(claim: PersistentVolumeClaim): string {
  const { status, spec } = claim;
  return plainText(
    status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"] ?? "?",
    40,
  );
}

function nothingThere(
  name: string,
  store: SessionStore,
  claims: readonly { name: string }[],
): KodamaError {
  const error = noSession(name, store);
  if (claims.length === 0) return error;
  return new KodamaError("notFound", error.message, {
    hint: hint`its data remains in ${claims.map((claim) => claim.name).join(" and ")}: ${
      action("start", { name })
    } uses it again, ${action("delete", { name, purge: true })} deletes it`,
  });
}
