/** What becomes of a start that failed: taken away again, or named, so that nobody has to look for it. */
import { KodamaError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/abort.ts";
import { PODS } from "../../kube/resources.ts";
import type { Manifest } from "../../session/manifests/all.ts";
import { SessionStore } from "../../session/store.ts";
import type { KeptSession } from "../../session/state.ts";

/** So long a failed start is tidied up; a second Ctrl-C leaves at once. */
const tidyLimitMs = 15_000;

/** A start that failed. */
export interface FailedStart {
  store: SessionStore;
  clock: Clock;
  kept: KeptSession;
  /** This very start began the session: there is nothing in it yet that is anybody's. */
  begun: boolean;
  /** What this start made, in its order. */
  made: readonly Manifest[];
  error: KodamaError;
  /** A signal of the person's, and no failure. */
  interrupted: boolean;
}

/**
 * Takes everything away where no pod was made yet; else leaves it, writes the reason into the session, and says
 * how to go on. Gives the error that a person is told.
 */
export async function tidied(failed: FailedStart): Promise<KodamaError> {
  // A session that ran before goes on running, whatever was wanted of it besides.
  if (failed.kept.session.status === "Running") return failed.error;
  const hasPod = failed.made.some(({ resource }) => resource === PODS);
  using deadline = new Deadline(failed.clock, tidyLimitMs);
  const { client, namespace } = failed.store;
  // The signal of the start may be the reason for its end.
  const store = new SessionStore(client, namespace, failed.clock, deadline.signal);
  if (failed.begun && !hasPod && !failed.interrupted) return await takenAway(failed, store);
  await noted(failed, store);
  return goesOn(failed);
}

async function takenAway(failed: FailedStart, store: SessionStore): Promise<KodamaError> {
  const left: string[] = [];
  for (const { resource, object } of failed.made.toReversed()) {
    const { name = "" } = object.metadata;
    try {
      await store.remove(resource, name);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      left.push(`${resource.kind.toLowerCase()} ${name}`);
    }
  }
  const { error } = failed;
  const { name } = failed.kept.session;
  const outcome = left.length === 0
    ? "nothing of the session is left in the cluster"
    : `left in the cluster: ${left.join(", ")}; kodama delete ${name} --purge takes them away`;
  return told(error, outcome);
}

/** The reason stands in the session, for `get` and for others; without it the pod's own words still do. */
async function noted({ kept, error, interrupted }: FailedStart, store: SessionStore) {
  if (interrupted) return;
  try {
    await store.change(kept, (session) => ({
      ...session,
      status: "Failed",
      message: error.message.slice(0, 1000),
    }));
  } catch (failure) {
    if (!(failure instanceof KodamaError)) throw failure;
  }
}

function goesOn({ kept, error }: FailedStart): KodamaError {
  const { name, namespace } = kept.session;
  const place = `-n ${namespace}`;
  return told(
    error,
    `session "${name}" is left as it is: the same start goes on, kodama get ${name} ${place} says ` +
      `more, and kodama delete ${name} ${place} takes it away`,
  );
}

/** The error's own hint first: it is nearer to the reason. */
function told(error: KodamaError, outcome: string): KodamaError {
  // A quota speaks as a right that is missing, and isn't one.
  const own = /exceeded quota/.test(error.message)
    ? "kubectl describe quota shows what is used, and how much there is"
    : error.hint;
  const hint = own === undefined ? outcome : `${own}\n${outcome}`;
  return new KodamaError(error.kind, error.message, { hint, cause: error });
}
