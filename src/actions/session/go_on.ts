/** A start of a session that is there: gone on with as it is, or refused where it says something else. */
import { formatDuration } from "../../base/duration.ts";
import { UsageError } from "../../base/errors.ts";
import { PODS, SECRETS } from "../../kube/resources.ts";
import type { Pod, Secret } from "../../kube/types.ts";
import { secretChanges } from "../../session/manifests/env_secret.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import type { KeptSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { contradictions, type Definition } from "./definition.ts";
import type { StartOptions } from "./events.ts";

/** What of the secrets a session tells: their names. */
export function environmentOf(
  { variables, gitToken }: Definition["secrets"],
): Session["environment"] {
  return { variables: [...variables.keys()], gitToken: gitToken !== undefined };
}

/** What of the choice of a folder a session tells. */
export function syncOf(
  { why: _why, isClone: _isClone, ...sync }: Definition["sync"],
): Session["sync"] {
  return sync;
}

/** A session that is there, as a start goes on with it. */
export interface GoneOn {
  kept: KeptSession;
  /** Its pod was made from something else. */
  outdated: boolean;
  /** Another token for git than the one that its pod has, and will have soon. */
  newToken: boolean;
}

/**
 * The session that is there, as this start goes on with it.
 *
 * @throws UsageError where it is another one than this start says.
 */
export async function goOn(
  host: Host,
  store: SessionStore,
  { kept, options, wanted, isOther }: {
    kept: KeptSession;
    options: StartOptions;
    wanted: Definition;
    /** It belongs to somebody else, whose folder it keeps. */
    isOther: boolean;
  },
): Promise<GoneOn> {
  const { session } = kept;
  const differences = contradictions(options, session, wanted);
  if (differences.length > 0) {
    const age = formatDuration(
      Math.max(0, host.clock.now().getTime() - Date.parse(session.createdAt)),
    );
    throw new UsageError(
      `session "${session.name}" is there since ${age}, and is another one: ${
        differences.join("; ")
      }`,
      {
        hint: `kodama start ${session.name} -n ${session.namespace} goes on with it as it is; ` +
          `to have it otherwise, delete it first: kodama delete ${session.name}`,
      },
    );
  }
  // Another machine may have none of the files; what the Secret holds is not taken away for that.
  const here = environmentOf(wanted.secrets);
  const environment = isEmpty(here) ? session.environment : here;
  const pod = await store.get<Pod>(PODS, sessionNames(session.name).pod);
  const running = session.status === "Running" && pod?.status?.phase === "Running";
  const changed = await store.change(kept, ({ message: _, ...there }) => ({
    ...there,
    environment,
    ...(wanted.sync.enabled && !isOther ? { sync: syncOf(wanted.sync) } : {}),
    status: running ? "Running" : "Starting",
  }));
  const secret = isEmpty(here)
    ? undefined
    : await store.get<Secret>(SECRETS, sessionNames(session.name).envSecret);
  const changes = isEmpty(here) ? nothingChanges : secretChanges(secret, wanted.secrets);
  const outdated = session.status === "Failed" || changes.variables ||
    !sameJson(environment, session.environment);
  return { kept: changed, outdated, newToken: changes.gitToken && !outdated };
}

const nothingChanges = { variables: false, gitToken: false };

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isEmpty({ variables, gitToken }: Session["environment"]): boolean {
  return variables.length === 0 && !gitToken;
}
