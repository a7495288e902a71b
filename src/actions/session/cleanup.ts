/**
 * Cleanup and rollback after a command that failed or was interrupted: with a separate time limit, reported with the
 * failure.
 */
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError } from "../../base/errors.ts";
import { action, type Hint, hint } from "../../base/hint.ts";
import { SessionStore } from "../../session/store.ts";
import { PODS } from "../../kube/resources.ts";
import type { Manifest } from "../../session/manifests/all.ts";
import type { StoredSession } from "../../session/state.ts";
import type { Host } from "../host.ts";
import { planDeletion } from "./delete.ts";
import { consented } from "./owner.ts";

/** For a few calls; a second Ctrl-C exits at once. */
const defaultLimitMs = 15_000;

/**
 * Cleans up; returns false if the cluster refused it, or the time was up: the earlier failure is reported instead. The
 * command's signal is ignored, as it may be the reason for the end.
 */
export async function cleanUp(
  clock: Clock,
  { client, namespace }: SessionStore,
  work: (store: SessionStore, signal: AbortSignal) => Promise<void>,
  limitMs: number = defaultLimitMs,
): Promise<boolean> {
  using deadline = new Deadline(clock, limitMs);
  const { signal } = deadline;
  try {
    await work(new SessionStore(client, namespace, clock, signal), signal);
    return true;
  } catch (error) {
    if (!(error instanceof KodamaError) && !deadline.expired) throw error;
    return false;
  }
}

/**
 * Returns why work ended, as reported to the user: by their own signal, if it aborted, with the work's own hint.
 *
 * @throws the error itself if it isn't a KodamaError.
 */
export function kodamaErrorOf(error: unknown, signal: AbortSignal): KodamaError {
  const failure = signal.aborted ? signal.reason : error;
  if (!(failure instanceof KodamaError)) throw error;
  if (failure === error || !(error instanceof KodamaError) || error.kind !== "cancelled") {
    return failure;
  }
  const hint = failure.hint ?? error.hint;
  return new KodamaError(failure.kind, failure.message, definedOnly({ hint, cause: error }));
}

/** Returns the error with the remaining objects; its own hint comes first, as it is closer to the reason. */
export function withOutcome(error: KodamaError, outcome: Hint): KodamaError {
  return new KodamaError(error.kind, error.message, {
    hint: error.hint === undefined ? outcome : hint`${error.hint}\n${outcome}`,
    cause: error,
  });
}

/* Rollback of a failed start: objects are removed, or listed so that the user needn't search for them. */

interface FailedStart {
  store: SessionStore;
  clock: Clock;
  stored: StoredSession;
  /** This start created the session: no one's work is in it yet. */
  created: boolean;
  /** The objects that this start created, in order. */
  made: readonly Manifest[];
  error: KodamaError;
  /** The user's signal, not a failure. */
  interrupted: boolean;
}

/**
 * Removes everything if no pod was created yet; otherwise retains it, and stores the reason in the session.
 * Returns the error to report.
 */
export async function rollBackStart(failed: FailedStart): Promise<KodamaError> {
  // A session that ran before continues to run, whatever else was requested.
  if (failed.stored.session.status === "Running") return failed.error;
  const hasPod = failed.made.some(({ resource }) => resource === PODS);
  if (failed.created && !hasPod && !failed.interrupted) return await withEverythingRemoved(failed);
  await storeFailure(failed);
  const { name, namespace } = failed.stored.session;
  return withOutcome(
    failed.error,
    hint`session "${name}" remains: the same start resumes it, ${
      action("get", { name, namespace })
    } shows details, and ${action("delete", { name, namespace })} deletes it`,
  );
}

async function withEverythingRemoved(
  { clock, store, made, stored, error }: FailedStart,
): Promise<KodamaError> {
  const remaining = new Set(made.toReversed());
  await cleanUp(clock, store, async (store) => {
    for (const manifest of [...remaining]) {
      const { resource, object: { metadata: { name = "" } } } = manifest;
      try {
        await store.remove(resource, name);
        remaining.delete(manifest);
      } catch (failure) {
        // An object that can't be removed doesn't stop the removal of the others.
        if (!(failure instanceof KodamaError)) throw failure;
      }
    }
  });
  const names = [...remaining].map(({ resource, object }) =>
    `${resource.kind.toLowerCase()} ${object.metadata.name}`
  );
  const { name } = stored.session;
  return withOutcome(
    error,
    names.length === 0
      ? "nothing of the session remains in the cluster"
      : hint`remaining in the cluster: ${names.join(", ")}; ${
        action("delete", { name, purge: true })
      } deletes them`,
  );
}

/** The reason is stored in the session, for `get` and for other users; otherwise only the pod's own message shows. */
async function storeFailure(
  { clock, store, stored, error, interrupted }: FailedStart,
): Promise<void> {
  if (interrupted) return;
  const message = error.message.slice(0, 1000);
  await cleanUp(clock, store, async (store) => {
    await store.change(stored, (session) => ({ ...session, status: "Failed", message }));
  });
}

/* Rollback of a session whose files weren't copied: nothing remains of it, or its earlier state. */

/** A pod takes up to half a minute of it to end. */
const removalLimitMs = 60_000;

/**
 * Removes everything created for the session; returns the error to report.
 *
 * @param purge removes its volumes too: they were created for it.
 */
export async function rollBackFill(
  host: Host,
  store: SessionStore,
  { name, error, purge }: { name: string; error: KodamaError; purge: boolean },
): Promise<KodamaError> {
  const { namespace, client: { context } } = store;
  const isRemoved = await cleanUp(host.clock, store, async (_, signal) => {
    const ref = { name, namespace, context };
    const options = { ...ref, consent: consented, purge, keepConfig: false, signal };
    for await (const _removed of (await planDeletion(host, options)).run("everything"));
  }, removalLimitMs);
  if (!isRemoved) {
    const removal = action("delete", { name, namespace, ...(purge ? { purge: true } : {}) });
    return withOutcome(error, hint`${removal} deletes the rest`);
  }
  return withOutcome(
    error,
    purge
      ? `nothing remains of session "${name}"`
      : `the volumes of session "${name}" remain, unchanged`,
  );
}
