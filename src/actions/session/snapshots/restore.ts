/**
 * Restores a session's files from a snapshot, in a file or in the cluster: into a new session, or a stopped session.
 */
import { requireWritable } from "../../../kube/client_limits.ts";
import { action, hint } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import { plainText } from "../../../base/plain_text.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../../kube/resources.ts";
import type { PersistentVolumeClaim } from "../../../kube/types.ts";
import { noParts } from "../../../session/manifests/all.ts";
import type { Session } from "../../../session/model.ts";
import { sessionNames } from "../../../session/names.ts";
import type { StoredSession } from "../../../session/state.ts";
import type { SessionStore } from "../../../session/store.ts";
import type { Host } from "../../host.ts";
import { cleanUp, kodamaErrorOf, rollBackFill, rollBackStart, withOutcome } from "../cleanup.ts";
import { bringUp } from "../bring_up.ts";
import type { SessionRef, StartEvent, Unsaved } from "../events.ts";
import {
  isOlder,
  type RestoreContent,
  type RestoreFrom,
  type RestoreSource,
  stateCreatedMs,
} from "./restore_source.ts";
import { newSession, type SessionDraft } from "../new_session.ts";
import { openStore } from "../../session_ref.ts";
import { type Consent, requireConsent } from "../owner.ts";
import { type Accepted, requireSaved, unsavedWork } from "../unsaved.ts";

/** Which session, and the source. */
interface RestoreOptions extends SessionRef {
  from: RestoreFrom;
  /** Restores the agent's login too, if the snapshot has it. */
  withSecrets: boolean;
  /** To replacing files of another user. */
  consent: Consent;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** The effects of a restore. */
export interface RestorePlan {
  name: string;
  namespace: string;
  context: string;
  /** The snapshot or archive to restore. */
  snapshot: { session: string; image: string; takenAt: Date; content: RestoreContent };
  /** Volumes whose contents are replaced; none for a new session. */
  lost: readonly { name: string; size: string }[];
  /** Work in them that nothing else has. */
  unsaved: readonly Unsaved[];
}

/** A plan, and the function that runs it. */
interface PlannedRestore {
  plan: RestorePlan;
  /**
   * @param accepted work that may be lost.
   * @throws UnsavedError before anything is replaced if there is other work.
   */
  run(accepted: Accepted): AsyncGenerator<StartEvent, void>;
}

/**
 * Reads the whole file, or queries the cluster for its snapshot, and checks the existing objects.
 *
 * @throws KodamaError `config` if a file isn't complete; `notFound` for a snapshot; `conflict` if the session runs, or
 * has another repository.
 */
export async function planRestore(host: Host, options: RestoreOptions): Promise<PlannedRestore> {
  const { name, from, signal } = options;
  const store = await openStore(host, options, signal);
  requireWritable(store.client, "restore a session");
  const source = await sourceOf(host, store, from);
  const there = await store.read(name);
  await refuseRunning(store, name, there);
  refuseOther(source.session, there?.session);
  if (there !== undefined) {
    await requireConsent(store.client, there.session, { verb: "replace the files of", ...options });
  }
  const isResumed = there?.session.origin?.filled === false;
  // Claims that a killed restore created are no one's work; those that it found are someone's.
  const lost = await claimsOf(
    store,
    name,
    isResumed ? await stateCreatedMs(store, name) : undefined,
  );
  const { session, takenAt, content } = source;
  const plan: RestorePlan = {
    name,
    namespace: store.namespace,
    context: store.client.context,
    snapshot: { session: session.name, image: session.spec.image, takenAt, content },
    lost,
    unsaved: there === undefined || lost.length === 0 || isResumed
      ? []
      : await unsavedWork(host, { store, stored: there, pod: undefined }, signal),
  };
  return {
    plan,
    async *run(accepted) {
      requireSaved(name, plan.unsaved, accepted);
      yield* restoring(host, store, { options, source, there, lost });
    },
  };
}

async function sourceOf(
  host: Host,
  store: SessionStore,
  from: RestoreFrom,
): Promise<RestoreSource> {
  if (from.kind === "snapshot") {
    const { snapshotSource } = await import("./cluster_source.ts");
    return await snapshotSource(host, store, from.name);
  }
  const { archiveSource } = await import("./archive_source.ts");
  return await archiveSource(host, from.path);
}

async function refuseRunning(
  store: SessionStore,
  name: string,
  there: StoredSession | undefined,
): Promise<void> {
  const isResumed = there?.session.origin?.filled === false;
  if (isResumed || await store.get(PODS, sessionNames(name).pod) === undefined) return;
  throw new KodamaError("conflict", `session "${name}" is running; stop it first`, {
    hint: hint`${action("stop", { name })}, and try again; or restore it under another name`,
  });
}

function refuseOther(snapshot: Session, there: Session | undefined): void {
  const [was, is] = [snapshot.repository?.url, there?.repository?.url];
  if (there === undefined || was === is) return;
  const repositoryText = (url: string | undefined) =>
    url === undefined ? "no repository" : plainText(url, 200);
  throw new KodamaError(
    "conflict",
    `the snapshot is of ${repositoryText(was)}, and session "${there.name}" of ${
      repositoryText(is)
    }`,
    { hint: "restore it under another name" },
  );
}

async function claimsOf(store: SessionStore, name: string, createdMs: number | undefined) {
  const { workspaceClaim, homeClaim } = sessionNames(name);
  const found = await Promise.all([workspaceClaim, homeClaim].map(async (claim) => {
    const object = await store.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, claim);
    const size = object?.status?.capacity?.["storage"] ??
      object?.spec?.resources?.requests?.["storage"];
    const isLost = object !== undefined && isOlder(object, createdMs);
    return !isLost ? [] : [{ name: claim, size: plainText(size ?? "?", 40) }];
  }));
  return found.flat();
}

interface Restoring {
  options: RestoreOptions;
  source: RestoreSource;
  there: StoredSession | undefined;
  lost: RestorePlan["lost"];
}

async function* restoring(
  host: Host,
  store: SessionStore,
  { options, source, there, lost }: Restoring,
): AsyncGenerator<StartEvent, void> {
  const { name, signal, readyTimeoutMs, withSecrets } = options;
  const session = there?.session ??
    await newSession(host, store, restored(name, source), signal);
  if (there === undefined && source.replaced.length > 0) {
    yield {
      kind: "warning",
      text: `your own settings replace these parts of the file's session: ${
        source.replaced.join(", ")
      }`,
    };
  }
  yield { kind: "stepStarted", step: "claim", session };
  const stored = await opened(host, store, { session, there, signal });
  yield { kind: "stepEnded", step: "claim", result: there === undefined ? "done" : "already" };
  const { volumes, fill } = await source.open({ stored, withSecrets, readyTimeoutMs });
  const filling = { isFilled: false };
  try {
    const parts = { parts: noParts, remakePod: false, syncsClone: false, made: () => {} };
    yield* bringUp({
      host,
      store,
      stored,
      ...parts,
      readyTimeoutMs,
      signal,
      ...(volumes === undefined ? {} : { volumes }),
      fill: async function* (pod) {
        const repositoryText = yield* fill(pod);
        filling.isFilled = true;
        return repositoryText;
      },
    });
  } catch (error) {
    const failure = kodamaErrorOf(error, signal);
    if (!filling.isFilled && (there === undefined || session.origin?.filled === false)) {
      throw await rollBackFill(host, store, { name, error: failure, purge: lost.length === 0 });
    }
    if (!filling.isFilled) throw await stoppedAgain(host, store, { stored, error: failure });
    const failed = { store, clock: host.clock, stored, created: false, made: [] };
    throw await rollBackStart({ ...failed, error: failure, interrupted: signal.aborted });
  }
}

/** As in the snapshot, except the parts of its own time and machine. */
function restored(name: string, { session }: RestoreSource): SessionDraft {
  const { repository, spec, template } = session;
  return {
    name,
    repository,
    spec,
    environment: { variables: [], gitToken: false },
    sync: { enabled: false },
    template,
    origin: { kind: "snapshot", session: session.name, filled: false },
  };
}

/** Returns the state to start from. An earlier sync's ancestor is invalid: it would copy old files over newer files. */
async function opened(
  host: Host,
  store: SessionStore,
  { session, there, signal }: {
    session: Session;
    there: StoredSession | undefined;
    signal: AbortSignal;
  },
): Promise<StoredSession> {
  if (there !== undefined) {
    const { endSync } = await import("../sync_here.ts");
    const { context } = store.client;
    await endSync(host, { ...session, context, uid: there.uid }, { forget: true, signal });
    return await store.change(there, ({ message: _, ...one }) => ({
      ...one,
      sync: { enabled: false },
      restoredAt: host.clock.now().toISOString(),
      status: "Starting",
    }));
  }
  const { stored: kept, created: begun } = await store.create(session);
  if (begun) return kept;
  throw new KodamaError("conflict", `another start has just created session "${session.name}"`);
}

/** The files are unchanged; the pod that was created for them is removed. */
async function stoppedAgain(
  host: Host,
  store: SessionStore,
  { stored, error }: { stored: StoredSession; error: KodamaError },
): Promise<KodamaError> {
  const { name } = stored.session;
  const isStopped = await cleanUp(host.clock, store, async (cleaning) => {
    await cleaning.remove(PODS, sessionNames(name).pod);
    await cleaning.change(stored, (session) => ({ ...session, status: "Stopped" }));
  });
  return withOutcome(
    error,
    isStopped
      ? `session "${name}" is Stopped, with the files that it had`
      : hint`session "${name}" has its earlier files; ${action("stop", { name })}`,
  );
}
