/** The snapshots of sessions in a cluster: listed, read, and deleted. */
import { action, hint } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import { plainText } from "../../../base/plain_text.ts";
import { wholeList } from "../../../kube/http/list.ts";
import { VOLUME_SNAPSHOTS } from "../../../kube/resources.ts";
import type { KubeClient } from "../../../kube/client.ts";
import type { Session } from "../../../session/model.ts";
import { persistently } from "../../../session/persistence.ts";
import { sessionOfText } from "../../../session/state.ts";
import { SessionStore } from "../../../session/store.ts";
import {
  anySnapshot,
  selectSnapshot,
  sessionAnnotation,
  snapshotLabel,
  type StoredSnapshot,
  storedSnapshots,
  type VolumeSnapshot,
} from "../../../session/volume_snapshot.ts";
import { sessionLabel } from "../../../session/names.ts";
import type { Host } from "../../host.ts";
import type { SessionScope } from "../events.ts";
import { type Consent, requireConsent } from "../owner.ts";
import { listScope, scopeNamespace, type SessionListScope } from "../../session_ref.ts";

export type { StoredSnapshot } from "../../../session/volume_snapshot.ts";

/** Which snapshots. */
interface ListSnapshotsOptions extends SessionListScope {
  /** Only those of this session. */
  session?: string;
}

/** The snapshots, and the scope of the list. */
interface ListedSnapshots {
  context: string;
  /** Undefined for all. */
  namespace: string | undefined;
  snapshots: readonly StoredSnapshot[];
}

/**
 * Lists them.
 *
 * @throws KodamaError `conflict` if the cluster doesn't support snapshots.
 */
export async function listSnapshots(
  host: Host,
  options: ListSnapshotsOptions,
  signal: AbortSignal,
): Promise<ListedSnapshots> {
  const { client, namespace } = await listScope(host, options);
  const { session } = options;
  const selector = session === undefined
    ? anySnapshot
    : `${anySnapshot},${sessionLabel}=${session}`;
  const objects = await persistently(
    host.clock,
    signal,
    () => snapshotObjects(client, { namespace, selector, signal }),
  );
  return { context: client.context, namespace, snapshots: storedSnapshots(objects) };
}

/** Returns the objects. Throws `conflict` if the cluster doesn't serve them. */
export async function snapshotObjects(
  client: KubeClient,
  { namespace, selector, signal }: {
    namespace: string | undefined;
    selector: string;
    signal: AbortSignal;
  },
): Promise<VolumeSnapshot[]> {
  const scope = { labelSelector: selector, ...(namespace === undefined ? {} : { namespace }) };
  try {
    const list = () => client.list<VolumeSnapshot>(VOLUME_SNAPSHOTS, scope, { signal });
    return (await wholeList(list)).items;
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "notFound") throw error;
    throw new KodamaError(
      "conflict",
      `the cluster of context ${client.context} has no snapshots of volumes: it doesn't serve ` +
        "snapshot.storage.k8s.io/v1",
      {
        hint: hint`snapshots of sessions there are files: ${
          action("snapshot", { name: "NAME", output: "FILE" })
        }`,
      },
    );
  }
}

/**
 * Returns a snapshot, with the session as it was.
 *
 * @throws KodamaError `notFound` if there is none; `conflict` if it doesn't contain a session.
 */
export async function readSnapshot(
  store: SessionStore,
  name: string,
): Promise<{ snapshot: StoredSnapshot; session: Session }> {
  const objects = await objectsOf(store, name);
  const [snapshot] = storedSnapshots(objects);
  if (snapshot === undefined) throw noSnapshot(name, store);
  const text = objects.map(({ metadata }) => metadata.annotations?.[sessionAnnotation])
    .find((one) => one !== undefined);
  const wrong = (reason: string) =>
    new KodamaError(
      "conflict",
      `snapshot "${name}" contains no session that could be restored: ${plainText(reason, 200)}`,
      { hint: hint`${action("snapshots.delete", { name })} deletes it` },
    );
  return { snapshot, session: sessionOfText(text, wrong) };
}

async function objectsOf(store: SessionStore, name: string): Promise<VolumeSnapshot[]> {
  const labelled = await store.labelled<VolumeSnapshot>(VOLUME_SNAPSHOTS, selectSnapshot(name));
  return labelled.filter(({ metadata }) => metadata?.labels?.[snapshotLabel] === name);
}

function noSnapshot(name: string, { namespace, client }: SessionStore): KodamaError {
  return new KodamaError(
    "notFound",
    `there is no snapshot "${name}" in namespace "${namespace}" (context ${client.context})`,
    {
      hint: hint`${
        action("snapshots.list", { allNamespaces: true })
      } lists them; a file of the name is ./${name}`,
    },
  );
}

/** Snapshots to remove, and the function that removes them. */
export interface PlannedSnapshotRemoval {
  context: string;
  namespace: string;
  snapshots: readonly StoredSnapshot[];
  /** Yields each that was removed. May be repeated after any failure. */
  run(): AsyncGenerator<string, void>;
}

/**
 * Checks that they all exist.
 *
 * @throws KodamaError `notFound` for the first that doesn't.
 */
export async function planSnapshotRemoval(
  host: Host,
  { scope, names, consent, signal }: {
    scope: SessionScope;
    names: readonly string[];
    consent: Consent;
    signal: AbortSignal;
  },
): Promise<PlannedSnapshotRemoval> {
  const found = await scopeNamespace(host, scope);
  const store = new SessionStore(found.client, found.namespace, host.clock, signal);
  const planned = await plannedRemoval(store, names);
  for (const name of new Set(planned.snapshots.map(({ session }) => session))) {
    const there = await store.read(name);
    if (there === undefined) continue;
    await requireConsent(store.client, there.session, {
      ...{ verb: "delete snapshots of", consent, signal },
    });
  }
  return planned;
}

async function plannedRemoval(
  store: SessionStore,
  names: readonly string[],
): Promise<PlannedSnapshotRemoval> {
  const found = await Promise.all(names.map(async (name) => {
    const objects = await objectsOf(store, name);
    const [snapshot] = storedSnapshots(objects);
    if (snapshot === undefined) throw noSnapshot(name, store);
    return { snapshot, objects };
  }));
  const { namespace, client: { context } } = store;
  return {
    context,
    namespace,
    snapshots: found.map(({ snapshot }) => snapshot),
    async *run() {
      for (const { snapshot, objects } of found) {
        for (const { metadata } of objects) {
          await store.remove(VOLUME_SNAPSHOTS, metadata.name ?? "");
        }
        yield snapshot.name;
      }
    },
  };
}
