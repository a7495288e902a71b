/** Starts a session, or completes a start that was interrupted. */
import { definedOnly } from "../../base/json_value.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import { action, hint } from "../../base/hint.ts";
import { orAborted, passed } from "../../base/abort.ts";
import { plural } from "../../base/plural.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { withoutSecrets } from "../../exec/redact.ts";
import { CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS } from "../../kube/resources.ts";
import { egressText } from "../../session/egress_rule.ts";
import { type Manifest, manifests } from "../../session/manifests/all.ts";
import { sessionPod } from "../../session/manifests/pod.ts";
import { noAllowances, podProblems } from "../../session/manifests/pod_standard.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import { stateObject, type StoredSession } from "../../session/state.ts";
import { hasRun } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { KubeObject, Pod, Secret } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import { bringUp } from "./bring_up.ts";
import { contradictions, defineSession, type Definition, isCorrectable } from "./definition.ts";
import type { Manifests, StartEvent, StartOptions } from "./events.ts";
import { cleanUp, kodamaErrorOf, rollBackStart, withOutcome } from "./cleanup.ts";
import { openStore } from "../session_ref.ts";
import { newSession, requireFiles } from "./new_session.ts";
import { isOthers, sessionOfOther } from "./owner.ts";
import { resolveSync } from "./sync_folder.ts";
import { devContainerReport, withDevContainer } from "./dev_container.ts";
import { defaultImage, hasStandIn } from "../session_image.ts";
import { formatDuration } from "../../base/duration.ts";
import { secretChanges } from "../../session/manifests/env_secret.ts";

/**
 * Starts a session, step by step. If it exists, its missing parts are added, and the existing parts stay.
 *
 * @throws UsageError for options that contradict each other or the existing session; KodamaError of the step that
 * failed, whose hint lists the remaining objects.
 */
export async function* start(host: Host, options: StartOptions): AsyncGenerator<StartEvent, void> {
  const { signal } = options;
  const reading = read(host, options);
  if (await passed(host.clock, quietMs, { settled: reading, signal })) {
    yield {
      kind: "progress",
      step: "claim",
      text: `reading ${
        options.envFiles.length === 0 ? "the settings" : options.envFiles.join(", ")
      }`,
    };
  }
  const { store, wanted: defined } = await reading;
  requireWritable(store.client, "start a session");
  const there = await store.read(options.name);
  const oldVolumes = there === undefined && await hasVolumes(store, options.name);
  const sync = await resolveSync(host, store, { options, there, oldVolumes, choice: defined.sync });
  const asDefined = {
    ...there === undefined ? withProject(defined) : withImageOf(there.session, defined),
    sync,
  };
  const session = await definedSession(host, store, { options, definition: asDefined });
  const isOther = there !== undefined && belongsToOther(there.session, session.owner, options);
  const definition = isOther ? definitionForOther(asDefined, options) : asDefined;
  if (there === undefined) yield definedEvent(session, definition);
  if (oldVolumes) {
    yield {
      kind: "warning",
      text:
        hint`the volumes of an earlier session "${options.name}" are used, with all their contents; ${
          action("delete", { name: options.name, purge: true })
        } deletes them`,
    };
  }
  if (isOther) yield { kind: "warning", text: joiningText(there.session, definition) };
  const { localPath } = definition.sync;
  if (options.sync.kind === "unspecified" && localPath !== undefined) {
    yield { kind: "syncChosen", localPath };
  }
  yield* warnings(definition, store, session);
  if (options.task !== undefined && await hasStandIn(store.client, session.spec.image, signal)) {
    yield { kind: "warning", text: standInText };
  }
  yield { kind: "stepStarted", step: "claim", session };
  const { stored, created } = await createState(host, store, session, signal);
  if (!created && !isOther && belongsToOther(stored.session, session.owner, options)) {
    // The session was created after the first read.
    throw sessionOfOther(stored.session, stored.session.owner ?? "");
  }
  requireFiles(stored.session);
  const { stored: continued, outdated, newToken } = created
    ? { stored, outdated: false, newToken: false }
    : await resumeStart(host, store, { stored, options, definition, isOther });
  if (created && defined.devContainer !== undefined) {
    const report = devContainerReport(defined.devContainer, defined.chosen);
    yield { kind: "devContainer", report };
  }
  yield { kind: "stepEnded", step: "claim", result: created ? "done" : "already" };
  if (continued.session.status === "Running" && outdated) {
    yield {
      kind: "warning",
      text: "it is running with other variables: these apply after a stop and a resume",
    };
  }
  if (continued.session.status === "Running" && newToken) {
    yield { kind: "warning", text: "git in the session has the new token in a minute or two" };
  }
  const made: Manifest[] = created
    ? [{ resource: CONFIG_MAPS, object: stateObject(session) as KubeObject }]
    : [];
  try {
    yield* bringUp({
      host,
      store,
      stored: continued,
      parts: { secrets: definition.secrets, editor: definition.editor },
      // No one works yet in a pod whose start failed; someone may in a running pod.
      remakePod: outdated && continued.session.status !== "Running",
      ranBefore: !created && hasRun(stored.session),
      ...syncParts(definition, options),
      ...(definition.devContainerInPod ? { devContainer: { chosen: definition.chosen } } : {}),
      secretFiles: definition.secrets.places,
      readyTimeoutMs: options.readyTimeoutMs,
      signal,
      made: (manifest) => made.push(manifest),
    });
  } catch (error) {
    const failure = kodamaErrorOf(error, signal);
    throw await rollBackStart({
      store,
      clock: host.clock,
      stored: continued,
      created,
      made,
      error: withoutValues(failure, definition.secrets),
      interrupted: signal.aborted,
    });
  }
}

/**
 * As `store.create()`. The signal may abort while the request is in flight, and the state still be created: then it is
 * removed, or named.
 */
async function createState(
  { clock }: Host,
  store: SessionStore,
  session: Session,
  signal: AbortSignal,
): Promise<{ stored: StoredSession; created: boolean }> {
  try {
    return await store.create(session);
  } catch (error) {
    if (!signal.aborted) throw error;
    const { name, createdAt, owner } = session;
    const failure = kodamaErrorOf(error, signal);
    let isOtherThere = false;
    const isClean = await cleanUp(clock, store, async (cleaning) => {
      const there = (await cleaning.read(name))?.session;
      isOtherThere = there !== undefined &&
        (there.createdAt !== createdAt || there.owner !== owner);
      if (there !== undefined && !isOtherThere) {
        await cleaning.remove(CONFIG_MAPS, sessionNames(name).state);
      }
    });
    // An earlier start's session existed before, and is unchanged.
    if (isOtherThere) throw failure;
    throw withOutcome(
      failure,
      isClean
        ? "nothing of the session remains in the cluster"
        : hint`session "${name}" may be there: ${
          action("get", { name, namespace: store.namespace })
        } shows it`,
    );
  }
}

/**
 * Returns whether the session belongs to someone else, and is joined.
 *
 * @throws UsageError if it isn't to be joined.
 */
function belongsToOther(
  there: Session,
  me: string | undefined,
  { join }: StartOptions,
): boolean {
  if (!isOthers(there, me)) return false;
  if (!join) throw sessionOfOther(there, there.owner);
  return true;
}

/** Shown before anything of the session exists. */
function definedEvent(session: Session, { origins }: Definition): StartEvent {
  const { image, containers, egress } = session.spec;
  const texts = {
    image: [image],
    containers: containers.map((one) => `${one.name} (${one.image ?? ""})`),
    egress: egress?.length === 0 ? ["no address"] : egress?.map(egressText) ?? [],
  };
  const names = ["image", "containers", "egress"] as const;
  const own = new Set([sessionNames(session.name).envSecret]);
  return {
    kind: "defined",
    parts: names.map((name) => ({ name, texts: texts[name], origin: origins[name] })),
    beyond: podProblems(sessionPod(session), { ...noAllowances, secrets: own }),
  };
}

async function hasVolumes(store: SessionStore, name: string): Promise<boolean> {
  const { workspaceClaim } = sessionNames(name);
  return await store.get(PERSISTENT_VOLUME_CLAIMS, workspaceClaim) !== undefined;
}

/** Returns the definition for someone else's session: with variables only if this start names their files. */
function definitionForOther(definition: Definition, { envFiles }: StartOptions): Definition {
  if (envFiles.length > 0) return { ...definition, editor: {} };
  const { gitToken: _gitToken, ...secrets } = definition.secrets;
  return {
    ...definition,
    editor: {},
    secrets: { ...secrets, variables: new Map(), files: [], left: [] },
  };
}

const standInText =
  "the agent of the embedded cluster is a stand-in: it adds the prompt to TASK.md, and asks no model";

function joiningText({ name, owner = "" }: Session, { secrets }: Definition): string {
  const variables = secrets.files.length === 0
    ? "its variables are unchanged"
    : "its variables are replaced";
  return `session "${name}" belongs to ${owner}: ${variables}`;
}

/** A shorter wait isn't reported. */
const quietMs = 1000;

/** Nothing is created yet. A file may be a pipe, `--env-file <(…)`, which may never end. */
async function read(host: Host, options: StartOptions) {
  const { signal } = options;
  const [store, definition] = await orAborted(
    Promise.all([openStore(host, options, signal), defineSession(host, options)]),
    signal,
  );
  return { store, wanted: definition };
}

/** Shorter values also occur in ordinary text. */
const shortestSecret = 6;

/** The reason is stored in the session, where others read it: a program in the pod may have printed a value in it. */
function withoutValues(
  error: KodamaError,
  { variables, gitToken = "" }: Definition["secrets"],
): KodamaError {
  const secrets = [...variables.values(), gitToken].filter((one) => one.length >= shortestSecret);
  const message = withoutSecrets(error.message, secrets);
  if (message === error.message) return error;
  const { kind, hint } = error;
  return new KodamaError(kind, message, hint === undefined ? {} : { hint });
}

/** Returns the objects that a start would create, in the order of creation, without creating them. */
export async function dryStart(host: Host, options: StartOptions): Promise<Manifests> {
  const { store, wanted: definition } = await read(host, options);
  const session = await definedSession(host, store, {
    options,
    definition: withProject(definition),
  });
  return manifests(session, { secrets: definition.secrets, editor: definition.editor });
}

/** Throws KodamaError `config` if the project's image has to be built. */
function withProject(definition: Definition): Definition {
  const { devContainer, chosen, spec } = definition;
  if (devContainer === undefined) return definition;
  return { ...definition, spec: withDevContainer(spec, devContainer, chosen) };
}

/** A start of an existing session needs no image of its own. */
function withImageOf({ spec: { image } }: Session, definition: Definition): Definition {
  const { spec } = definition;
  return { ...definition, spec: { ...spec, image: spec.image ?? image } };
}

interface StartRequest {
  options: StartOptions;
  definition: Definition;
}

/** Throws KodamaError `config` if there is no image. */
async function definedSession(
  host: Host,
  store: SessionStore,
  { options, definition }: StartRequest,
): Promise<Session> {
  const { name, template, signal } = options;
  const { repository, secrets } = definition;
  const image = definition.spec.image ?? await defaultImage(store.client, signal);
  const spec = { ...definition.spec, image };
  const environment = environmentOf(secrets);
  const sync = syncOf(definition.sync);
  const draft = { name, repository, spec, environment, sync, template };
  return await newSession(host, store, draft, signal);
}

/** The options of this start: also for an existing session, which may have been started on another machine. */
function syncParts({ sync, agent }: Definition, options: StartOptions) {
  const { localPath, why, isClone } = sync;
  const { kubeconfig, task } = options;
  return {
    syncsClone: isClone,
    ...definedOnly({ localPath, whyNoSync: why, kubeconfig }),
    ...(task === undefined
      ? {}
      : { task: agent === undefined ? task : { ...task, manifest: agent } }),
  };
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
      text: `${plural(variables.size, "variable")} of ${files.join(", ")} go into secret ` +
        `"${
          sessionNames(name).envSecret
        }": everyone who may read secrets in namespace "${namespace}", or ` +
        `run commands in its pods, can read them`,
    };
  }
  const stored = left.filter(({ reason }) => reason === "protected").map((one) => one.name);
  if (stored.length > 0) {
    yield {
      kind: "warning",
      text: `excluded, because the system, the cluster or the agent sets them: ${
        stored.join(", ")
      }`,
    };
  }
}

/* A start of an existing session: resumed unchanged, or refused if the options contradict it. */

/** Returns the stored part of the secrets: their names. */
function environmentOf(
  { variables, gitToken }: Definition["secrets"],
): Session["environment"] {
  return { variables: [...variables.keys()], gitToken: gitToken !== undefined };
}

/** Returns the stored part of the choice of a folder. */
function syncOf(
  { why: _why, isClone: _isClone, ...sync }: Definition["sync"],
): Session["sync"] {
  return sync;
}

/** An existing session that a start resumes. */
interface ResumedStart {
  stored: StoredSession;
  /** The pod was created from different variables. */
  outdated: boolean;
  /** A different token for git from the token in its pod, which will soon receive it. */
  newToken: boolean;
}

/**
 * Returns the existing session, for this start to resume.
 *
 * @throws UsageError if it differs from this start's options.
 */
async function resumeStart(
  host: Host,
  store: SessionStore,
  { stored, options, definition, isOther }: {
    stored: StoredSession;
    options: StartOptions;
    definition: Definition;
    /** The session belongs to someone else, whose folder it stays synced with. */
    isOther: boolean;
  },
): Promise<ResumedStart> {
  const { session } = stored;
  const differences = contradictions(options, session, definition);
  if (differences.length > 0) {
    const age = formatDuration(
      Math.max(0, host.clock.now().getTime() - Date.parse(session.createdAt)),
    );
    throw new UsageError(
      `session "${session.name}" was created ${age} ago, with other options: ${
        differences.join("; ")
      }`,
      {
        hint: hint`${
          action("start", { name: session.name, namespace: session.namespace })
        } resumes it as it is; to change it, delete it first: ${
          action("delete", { name: session.name })
        }`,
      },
    );
  }
  // Another machine may have none of the files; that doesn't remove the contents of the Secret.
  const here = environmentOf(definition.secrets);
  const environment = isEmpty(here) ? session.environment : here;
  const pod = await store.get<Pod>(PODS, sessionNames(session.name).pod);
  const running = session.status === "Running" && pod?.status?.phase === "Running";
  const changed = await store.change(stored, ({ message: _, ...there }) => ({
    ...there,
    environment,
    ...(options.repo !== undefined && definition.repository !== undefined && isCorrectable(session)
      ? { repository: definition.repository }
      : {}),
    ...(definition.sync.enabled && !isOther ? { sync: syncOf(definition.sync) } : {}),
    status: running ? "Running" : "Starting",
  }));
  const secret = isEmpty(here)
    ? undefined
    : await store.get<Secret>(SECRETS, sessionNames(session.name).envSecret);
  const changes = isEmpty(here) ? nothingChanges : secretChanges(secret, definition.secrets);
  const outdated = session.status === "Failed" || changes.variables ||
    JSON.stringify(environment) !== JSON.stringify(session.environment);
  return { stored: changed, outdated, newToken: changes.gitToken && !outdated };
}

const nothingChanges = { variables: false, gitToken: false };

function isEmpty({ variables, gitToken }: Session["environment"]): boolean {
  return variables.length === 0 && !gitToken;
}
