/** The team of a session in the cluster: read, and changed despite concurrent writes. */
import { KodamaError } from "../base/errors.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import { CONFIG_MAPS } from "../kube/resources.ts";
import type { ConfigMap } from "../kube/types.ts";
import { sessionLabel, sessionNames } from "./names.ts";
import type { StoredSession } from "./state.ts";
import type { SessionStore } from "./store.ts";
import { emptyTeam, type StoredTeam, storedTeam, type Team, teamObject } from "./team.ts";

/** Retries of a write: of many writers at once, one succeeds in each round. */
const conflicts: RetryPolicy = { delayMs: 10, maxDelayMs: 400, jitter: 0.5, attempts: 40 };

/** Returns the team of a session; an empty one if nothing is stored. */
export async function readTeam(store: SessionStore, stored: StoredSession): Promise<StoredTeam> {
  const { team: name } = sessionNames(stored.session.name);
  const object = await store.get<ConfigMap>(CONFIG_MAPS, name);
  const isOwn = object?.metadata?.labels?.[sessionLabel] === stored.session.name;
  return object === undefined || !isOwn ? { team: emptyTeam } : storedTeam(object, stored);
}

/**
 * Writes a change of a team: based on its current state, not on an earlier read.
 *
 * @param from an earlier read, which saves one if it is still current.
 * @throws KodamaError `conflict` if others' writes come first repeatedly.
 */
export async function changeTeam(
  store: SessionStore,
  stored: StoredSession,
  { from, change }: { from?: StoredTeam | undefined; change: (team: Team) => Team },
): Promise<StoredTeam> {
  let known = from;
  const { name } = stored.session;
  return await retry(async () => {
    const before = known ?? await readTeam(store, stored);
    known = undefined;
    const object = teamObject(stored, { ...before, team: change(before.team) });
    const written = before.resourceVersion === undefined
      ? await created(store, object, name)
      : await replaced(store, object);
    return storedTeam(written, stored);
  }, {
    policy: conflicts,
    clock: store.clock,
    signal: store.signal,
    random: Math.random,
    mayRetry: (error) => error instanceof KodamaError && error.kind === "conflict",
  });
}

/** Throws `conflict` if it was changed or deleted since it was read. */
async function replaced(store: SessionStore, object: ConfigMap): Promise<ConfigMap> {
  try {
    return await store.replace(CONFIG_MAPS, object.metadata?.name ?? "", object);
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "notFound") throw error;
    throw new KodamaError("conflict", error.message, { cause: error });
  }
}

/** Throws `conflict` if someone else created it first; `environment` if it exists, and isn't the session's. */
async function created(
  store: SessionStore,
  object: ConfigMap,
  session: string,
): Promise<ConfigMap> {
  const { object: written, made } = await store.ensure(CONFIG_MAPS, object, session)
    .catch((error) => {
      if (!(error instanceof KodamaError) || error.kind !== "conflict") throw error;
      throw new KodamaError("environment", error.message, { cause: error });
    });
  if (made) return written;
  throw new KodamaError("conflict", `configmap "${object.metadata?.name}" was just created`);
}
