/** A session's files brought back from a snapshot: into a new session, or one that is stopped. */
import { KodamaError } from "../../base/errors.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../kube/resources.ts";
import type { PersistentVolumeClaim } from "../../kube/types.ts";
import { plainText } from "../../kube/failures.ts";
import { noParts } from "../../session/manifests/all.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import type { KeptSession } from "../../session/state.ts";
import { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { abandoned, withOutcome } from "./abandon.ts";
import { type Archive, readArchive } from "./archive_read.ts";
import { bringUp } from "./bring_up.ts";
import type { SessionPlace, StartEvent } from "./events.ts";
import { fill } from "./fill.ts";
import { tidied } from "./leftovers.ts";
import { sessionOwner } from "./owner.ts";
import { openStore } from "./place.ts";
import { podChecksums } from "./pod_files.ts";

/** Which session, and from where. */
export interface RestoreOptions extends SessionPlace {
  /** Of this machine. */
  file: string;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** What would be done. */
export interface RestorePlan {
  name: string;
  namespace: string;
  context: string;
  /** What is in the file. */
  snapshot: Pick<Archive, "takenAt" | "files" | "bytes"> & { session: string; image: string };
  /** Volumes whose contents are replaced; none for a new session. */
  lost: readonly { name: string; size: string }[];
}

/** A plan, and the way to do it. */
export interface PlannedRestore {
  plan: RestorePlan;
  run(): AsyncGenerator<StartEvent, void>;
}

/**
 * Reads the whole file, and looks what is there.
 *
 * @throws KodamaError `config` for a file that isn't whole; `conflict` where the session runs, or is of another
 *   repository.
 */
export async function planRestore(host: Host, options: RestoreOptions): Promise<PlannedRestore> {
  const { name, file, signal } = options;
  const path = file.startsWith("/") ? file : `${host.places.workingDir}/${file}`;
  const archive = await readArchive(host, path);
  const store = await openStore(host, options, signal);
  const there = await store.read(name);
  await refuseRunning(store, name, there);
  refuseOther(archive.session, there?.session);
  const goesOn = there?.session.origin?.filled === false;
  const lost = goesOn ? [] : await claimsOf(store, name);
  const { session, takenAt, files, bytes } = archive;
  const plan: RestorePlan = {
    name,
    namespace: store.namespace,
    context: store.client.context,
    snapshot: { session: session.name, image: session.spec.image, takenAt, files, bytes },
    lost,
  };
  return { plan, run: () => restoring(host, store, { options, archive, there, lost }) };
}

async function refuseRunning(
  store: SessionStore,
  name: string,
  there: KeptSession | undefined,
): Promise<void> {
  const goesOn = there?.session.origin?.filled === false;
  if (goesOn || await store.get(PODS, sessionNames(name).pod) === undefined) return;
  throw new KodamaError("conflict", `session "${name}" runs: nothing is restored under its hands`, {
    hint: `kodama stop ${name}, and try again; or restore it under another name`,
  });
}

function refuseOther(snapshot: Session, there: Session | undefined): void {
  const [was, is] = [snapshot.repository?.url, there?.repository?.url];
  if (there === undefined || was === is) return;
  const told = (url: string | undefined) =>
    url === undefined ? "no repository" : plainText(url, 200);
  throw new KodamaError(
    "conflict",
    `the snapshot is of ${told(was)}, and session "${there.name}" of ${told(is)}`,
    { hint: "restore it under a name that is free" },
  );
}

async function claimsOf(store: SessionStore, name: string) {
  const { workspaceClaim, homeClaim } = sessionNames(name);
  const found = await Promise.all([workspaceClaim, homeClaim].map(async (claim) => {
    const object = await store.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, claim);
    const size = object?.status?.capacity?.["storage"] ??
      object?.spec?.resources?.requests?.["storage"];
    return object === undefined ? [] : [{ name: claim, size: plainText(size ?? "?", 40) }];
  }));
  return found.flat();
}

interface Restoring {
  options: RestoreOptions;
  archive: Archive;
  there: KeptSession | undefined;
  lost: RestorePlan["lost"];
}

async function* restoring(
  host: Host,
  store: SessionStore,
  { options, archive, there, lost }: Restoring,
): AsyncGenerator<StartEvent, void> {
  const { name, signal, readyTimeoutMs } = options;
  const session = there?.session ?? await restoredSession(host, store, { name, archive });
  yield { kind: "stepStarted", step: "claim", session };
  const kept = await opened(host, store, { session, there, signal });
  yield { kind: "stepEnded", step: "claim", result: there === undefined ? "done" : "already" };
  const checksums = await podChecksums(host);
  const filling = { isFilled: false };
  try {
    const parts = { parts: noParts, remakePod: false, syncsClone: false, made: () => {} };
    yield* bringUp({
      host,
      store,
      kept,
      ...parts,
      readyTimeoutMs,
      signal,
      fill: async function* (pod) {
        const what = "cannot restore the files";
        const told = yield* fill(pod, { open: archive.open, checksums, what });
        filling.isFilled = true;
        return told;
      },
    });
  } catch (error) {
    const failure = signal.aborted ? signal.reason : error;
    if (!(failure instanceof KodamaError)) throw error;
    if (!filling.isFilled && (there === undefined || session.origin?.filled === false)) {
      throw await abandoned(host, store, { name, error: failure, purge: lost.length === 0 });
    }
    if (!filling.isFilled) throw await stoppedAgain(host, store, { kept, error: failure });
    const failed = { store, clock: host.clock, kept, begun: false, made: [] };
    throw await tidied({ ...failed, error: failure, interrupted: signal.aborted });
  }
}

/** As the snapshot has it, but for what is of its own time and place. */
async function restoredSession(
  host: Host,
  { client, namespace }: SessionStore,
  { name, archive }: { name: string; archive: Archive },
): Promise<Session> {
  const { repository, spec, template } = archive.session;
  const owner = await sessionOwner(client, new AbortController().signal);
  const at = host.clock.now().toISOString();
  return {
    name,
    namespace,
    ...(owner === undefined ? {} : { owner }),
    ...(repository === undefined ? {} : { repository }),
    spec,
    environment: { variables: [], gitToken: false },
    sync: { enabled: false },
    ...(template === undefined ? {} : { template }),
    origin: { kind: "snapshot", session: archive.session.name, filled: false },
    status: "Starting",
    createdAt: at,
    updatedAt: at,
  };
}

/** The state to go on from. What a sync has agreed on holds no more: it would carry old files over new ones. */
async function opened(
  host: Host,
  store: SessionStore,
  { session, there, signal }: {
    session: Session;
    there: KeptSession | undefined;
    signal: AbortSignal;
  },
): Promise<KeptSession> {
  if (there !== undefined) {
    const { endSync } = await import("./sync_step.ts");
    await endSync(host, session, { forget: true, signal });
    return await store.change(there, ({ message: _, ...one }) => ({
      ...one,
      sync: { enabled: false },
      status: "Starting",
    }));
  }
  const { kept, begun } = await store.begin(session);
  if (begun) return kept;
  throw new KodamaError("conflict", `somebody else has just begun session "${session.name}"`);
}

/** The files are as they were; the pod that was made for their sake goes. */
async function stoppedAgain(
  host: Host,
  { client, namespace }: SessionStore,
  { kept, error }: { kept: KeptSession; error: KodamaError },
): Promise<KodamaError> {
  const { name } = kept.session;
  const store = new SessionStore(client, namespace, host.clock, new AbortController().signal);
  try {
    await store.remove(PODS, sessionNames(name).pod);
    await store.change(kept, (session) => ({ ...session, status: "Stopped" }));
    return withOutcome(error, `session "${name}" is Stopped, with the files that it had`);
  } catch (failure) {
    if (!(failure instanceof KodamaError)) throw failure;
    return withOutcome(error, `session "${name}" has the files that it had; kodama stop ${name}`);
  }
}
