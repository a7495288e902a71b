/** A start of an existing session: resumed unchanged, or refused if the options contradict it. */
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

/** Returns what a session stores of the secrets: their names. */
export function environmentOf(
  { variables, gitToken }: Definition["secrets"],
): Session["environment"] {
  return { variables: [...variables.keys()], gitToken: gitToken !== undefined };
}

/** Returns what a session stores of the choice of a folder. */
export function syncOf(
  { why: _why, isClone: _isClone, ...sync }: Definition["sync"],
): Session["sync"] {
  return sync;
}

/** An existing session that a start resumes. */
export interface GoneOn {
  kept: KeptSession;
  /** Its pod was created from different variables. */
  outdated: boolean;
  /** A different token for git from the one in its pod, which will soon receive it. */
  newToken: boolean;
}

/**
 * Returns the existing session, for this start to resume.
 *
 * @throws UsageError if it differs from this start's options.
 */
export async function goOn(
  host: Host,
  store: SessionStore,
  { kept, options, wanted, isOther }: {
    kept: KeptSession;
    options: StartOptions;
    wanted: Definition;
    /** It belongs to someone else, whose folder it stays synced with. */
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
  // Another machine may have none of the files; that doesn't remove the contents of the Secret.
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
