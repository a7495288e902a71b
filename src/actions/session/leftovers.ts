/** Cleans up after a failed start: objects are removed, or listed so that the user needn't search for them. */
import { action, type Hint, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { PODS } from "../../kube/resources.ts";
import type { Manifest } from "../../session/manifests/all.ts";
import type { SessionStore } from "../../session/store.ts";
import type { StoredSession } from "../../session/state.ts";
import { tidiedUp, withOutcome } from "./tidying.ts";

/** A start that failed. */
export interface FailedStart {
  store: SessionStore;
  clock: Clock;
  kept: StoredSession;
  /** This start created the session: no one's work is in it yet. */
  begun: boolean;
  /** The objects that this start created, in order. */
  made: readonly Manifest[];
  error: KodamaError;
  /** The user's signal, not a failure. */
  interrupted: boolean;
}

/**
 * Removes everything if no pod was created yet; otherwise retains it, writes the reason into the session, and says
 * how to resume. Returns the error to report.
 */
export async function tidied(failed: FailedStart): Promise<KodamaError> {
  // A session that ran before continues to run, whatever else was requested.
  if (failed.kept.session.status === "Running") return failed.error;
  const hasPod = failed.made.some(({ resource }) => resource === PODS);
  if (failed.begun && !hasPod && !failed.interrupted) return await takenAway(failed);
  await noted(failed);
  return goesOn(failed);
}

async function takenAway({ clock, store, made, kept, error }: FailedStart): Promise<KodamaError> {
  const left = new Set(made.toReversed());
  await tidiedUp(clock, store, async (tidying) => {
    for (const manifest of [...left]) {
      const { resource, object: { metadata: { name = "" } } } = manifest;
      try {
        await tidying.remove(resource, name);
        left.delete(manifest);
      } catch (failure) {
        // An object that can't be removed doesn't stop the removal of the others.
        if (!(failure instanceof KodamaError)) throw failure;
      }
    }
  });
  const names = [...left].map(({ resource, object }) =>
    `${resource.kind.toLowerCase()} ${object.metadata.name}`
  );
  const { name } = kept.session;
  return told(
    error,
    names.length === 0
      ? "nothing of the session is left in the cluster"
      : hint`left in the cluster: ${names.join(", ")}; ${
        action("delete", { name, purge: true })
      } takes them away`,
  );
}

/** The reason is stored in the session, for `get` and for other users; otherwise only the pod's own message shows. */
async function noted({ clock, store, kept, error, interrupted }: FailedStart): Promise<void> {
  if (interrupted) return;
  const message = error.message.slice(0, 1000);
  await tidiedUp(clock, store, async (tidying) => {
    await tidying.change(kept, (session) => ({ ...session, status: "Failed", message }));
  });
}

function goesOn({ kept, error }: FailedStart): KodamaError {
  const { name, namespace } = kept.session;
  return told(
    error,
    hint`session "${name}" is left as it is: the same start goes on, ${
      action("get", { name, namespace })
    } says more, and ${action("delete", { name, namespace })} takes it away`,
  );
}

/** A quota error looks like a missing right, but isn't one. */
function told(error: KodamaError, outcome: Hint): KodamaError {
  if (!/exceeded quota/.test(error.message)) return withOutcome(error, outcome);
  const hint = "kubectl describe quota shows what is used, and how much there is";
  return withOutcome(new KodamaError(error.kind, error.message, { hint, cause: error }), outcome);
}
