/** A session begun, or one whose start was interrupted brought to its end. */
import { counted } from "../../base/counted.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { formatDuration } from "../../base/duration.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { Pod } from "../../kube/types.ts";
import { PODS } from "../../kube/resources.ts";
import { type Manifest, manifests } from "../../session/manifests/all.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import type { KeptSession } from "../../session/state.ts";
import { stateObject } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import { bringUp } from "./bring_up.ts";
import { contradictions, defineSession, type Definition } from "./definition.ts";
import type { Manifests, StartEvent, StartOptions } from "./events.ts";
import { tidied } from "./leftovers.ts";
import { openStore } from "./place.ts";
import { sessionOwner } from "./owner.ts";

/**
 * Starts a session, step by step. Where it is there, what is missing of it is done, and what is there stays.
 *
 * @throws UsageError for options that contradict themselves or the session that is there; KodamaError of the step
 *   that failed, whose hint says what is left.
 */
export async function* start(host: Host, options: StartOptions): AsyncGenerator<StartEvent, void> {
  const { signal } = options;
  const [store, wanted] = await Promise.all([
    openStore(host, options, signal),
    defineSession(host, options),
  ]);
  const session = await newSession(host, store, { options, wanted });
  yield* warnings(wanted, store, session);
  yield { kind: "stepStarted", step: "claim", session };
  const { kept, begun } = await store.begin(session);
  const { kept: continued, remakePod } = begun
    ? { kept, remakePod: false }
    : await goOn(host, store, { kept, options, wanted });
  yield { kind: "stepEnded", step: "claim", result: begun ? "done" : "already" };
  const made: Manifest[] = begun
    ? [{ resource: CONFIG_MAPS, object: stateObject(session) as KubeObject }]
    : [];
  try {
    yield* bringUp({
      host,
      store,
      kept: continued,
      parts: { secrets: wanted.secrets, editor: wanted.editor },
      remakePod,
      ...syncParts(wanted.sync, options),
      readyTimeoutMs: options.readyTimeoutMs,
      signal,
      made: (manifest) => made.push(manifest),
    });
  } catch (error) {
    const failure = signal.aborted ? signal.reason : error;
    if (!(failure instanceof KodamaError)) throw error;
    throw await tidied({
      store,
      clock: host.clock,
      kept: continued,
      begun,
      made,
      error: failure,
      interrupted: signal.aborted,
    });
  }
}

/** What a start would make, without making it: in the order in which it would be made. */
export async function dryStart(host: Host, options: StartOptions): Promise<Manifests> {
  const [store, wanted] = await Promise.all([
    openStore(host, options, options.signal),
    defineSession(host, options),
  ]);
  const session = await newSession(host, store, { options, wanted });
  return manifests(session, { secrets: wanted.secrets, editor: wanted.editor });
}

interface Asked {
  options: StartOptions;
  wanted: Definition;
}

async function newSession(
  host: Host,
  { client, namespace }: SessionStore,
  { options, wanted }: Asked,
): Promise<Session> {
  const { name, template, signal } = options;
  const owner = await sessionOwner(client, signal);
  const { repository, spec, secrets } = wanted;
  const at = host.clock.now().toISOString();
  return {
    name,
    namespace,
    ...(owner === undefined ? {} : { owner }),
    ...(repository === undefined ? {} : { repository }),
    spec,
    environment: environmentOf(secrets),
    sync: syncOf(wanted.sync),
    ...(template === undefined ? {} : { template }),
    status: "Starting",
    createdAt: at,
    updatedAt: at,
  };
}

function syncOf({ why: _why, isClone: _isClone, ...sync }: Definition["sync"]): Session["sync"] {
  return sync;
}

/** Of this start: on a session that is there too, which may have been begun on another machine. */
function syncParts({ localPath, why, isClone }: Definition["sync"], options: StartOptions) {
  const { kubeconfig, task } = options;
  return {
    syncsClone: isClone,
    ...(localPath === undefined ? {} : { localPath }),
    ...(why === undefined ? {} : { whyNoSync: why }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(task === undefined ? {} : { task }),
  };
}

function environmentOf({ variables, gitToken }: Definition["secrets"]): Session["environment"] {
  return { variables: [...variables.keys()], gitToken: gitToken !== undefined };
}

async function* warnings(
  { secrets }: Definition,
  { namespace }: SessionStore,
  { name }: Session,
): AsyncGenerator<StartEvent, void> {
  const { files, variables, left } = secrets;
  if (files.length > 0) {
    yield {
      kind: "warning",
      text: `${counted(variables.size, "variable")} of ${files.join(", ")} go into secret ` +
        `"${sessionNames(name).envSecret}": who may read secrets in namespace "${namespace}", or ` +
        `run commands in its pods, can read them`,
    };
  }
  const kept = left.filter(({ reason }) => reason === "protected").map((one) => one.name);
  if (kept.length > 0) {
    yield {
      kind: "warning",
      text: `left out, as the system, the cluster or the agent sets them: ${kept.join(", ")}`,
    };
  }
}

/** The session that is there, as this start goes on with it. */
async function goOn(
  host: Host,
  store: SessionStore,
  { kept, options, wanted }: Asked & { kept: KeptSession },
): Promise<{ kept: KeptSession; remakePod: boolean }> {
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
    ...(wanted.sync.enabled ? { sync: syncOf(wanted.sync) } : {}),
    status: running ? "Running" : "Starting",
  }));
  // Nobody works yet in a pod whose start failed; in one that runs somebody may.
  const outdated = session.status === "Failed" || !sameJson(environment, session.environment);
  return { kept: changed, remakePod: !running && outdated };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isEmpty({ variables, gitToken }: Session["environment"]): boolean {
  return variables.length === 0 && !gitToken;
}
