/** Starts a run in the cluster: as a Job whose pods are kodama, with a service account that may do what the workflow does. */
import { action, hint, option } from "../../base/hint.ts";
import { KodamaError, unlessError, UsageError } from "../../base/errors.ts";
import { definedOnly, type JsonValue } from "../../base/json_value.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import {
  CONFIG_MAPS,
  CRON_JOBS,
  JOBS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  SERVICE_ACCOUNTS,
} from "../../kube/resources.ts";
import type { KubeObject, OwnerReference, Pod } from "../../kube/types.ts";
import type { PodSettings } from "../../session/pod_settings.ts";
import { defaultSettings } from "../../config/default_settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { overridesData } from "../../workflow/record.ts";
import { indivisible } from "../../workflow/shard.ts";
import { stepKind } from "../../workflow/step_registry.ts";
import type { FullWorkflow, Step } from "../../workflow/model.ts";
import { variablesGranted } from "../../workflow/templates.ts";
import { podSettings } from "../config/pod_settings.ts";
import { settingsOf } from "../config/setting_sources.ts";
import { recordId } from "../exec/record_file.ts";
import type { Confirm } from "../confirm_change.ts";
import type { Host } from "../host.ts";
import { type WorkflowRights, workflowRights } from "../workflow/automation.ts";
import {
  confirmRun,
  type PreparedRun,
  prepareRun,
  type RunStepsOptions,
} from "../workflow/run_steps.ts";
import {
  accountObjects,
  cronJobObject,
  jobObject,
  type PolicyRule,
  recordRules,
  requestObjects,
  rulesOf,
  type RunSpec,
  shardPod,
} from "./manifests.ts";
import { idOfJob, jobOfId, runLabels, scheduleLabels } from "./names.ts";
import { requestData, type RunRequest, type RunSecrets } from "./request.ts";

/** More shards than this would only wait for each other. */
const maxShards = 100;

/** How a run in the cluster is made. */
export interface ClusterOptions {
  /** kodama's image; that of the settings if absent. */
  image?: string;
  /** An existing account that may do what the workflow does; one is made if absent. */
  serviceAccount?: string;
  /** Number of pods that share the work. */
  shards: number;
  /** How long the Job and its records stay after its end. */
  retainMs: number;
  /** How long a run may take in all, also if it can't start; no limit if absent. */
  limitMs?: number;
}

/** A run in the cluster. */
export interface ClusterRunRef {
  id: string;
  /** The Job's name. */
  job: string;
  namespace: string;
  context: string;
}

/** A run that can be started in the cluster. */
interface Planned {
  client: KubeClient;
  namespace: string;
  image: string;
  pods: PodSettings;
  limits: RunSpec["limits"];
  workflow: string;
  request: RunRequest;
  secrets: RunSecrets;
  files: readonly { path: string; text: string }[];
  rules: readonly PolicyRule[];
}

/**
 * Starts a run and returns it at once.
 *
 * @throws KodamaError `config` for a workflow that can't run there, with the reason; `forbidden` if the objects that it
 *   needs may not be made; `declined` if a person refuses; whatever `prepareRun` throws.
 */
export async function submitRun(
  host: Host,
  options: RunStepsOptions,
  cluster: ClusterOptions,
): Promise<ClusterRunRef> {
  const planned = await plannedRun(host, options, cluster);
  const job = jobOfId(recordId(host.clock.now()));
  await confirmObjects(planned, options.yes ? undefined : options.confirm, {
    kind: "Job",
    name: job,
  });
  return await createRun(planned, { job, cluster });
}

/** Creates the objects of a run. If one of them can't be created, the others are removed. */
export async function createRun(
  planned: Planned,
  { job, cluster }: { job: string; cluster: ClusterOptions },
): Promise<ClusterRunRef> {
  const { client, namespace, secrets, rules, pods } = planned;
  const { data, items } = dataOf(planned);
  const spec = specOf(job, items, planned, cluster);
  const { shards } = cluster;
  await requireAdmitted(planned, spec, cluster);
  await createOwned(client, JOBS, jobObject(job, namespace, spec), (owner) => {
    const labels = { ...pods.labels, ...runLabels(job, "request") };
    const owned = { name: job, namespace, labels, owner };
    return [
      ...requestObjects(owned, { data, ...secretsText(secrets) }),
      ...(cluster.serviceAccount === undefined
        ? accountObjects(owned, [...rules, ...recordRules({ name: job, shards })])
        : []),
    ];
  });
  return { id: idOfJob(job), job, namespace, context: client.context };
}

/** A schedule: its name, and when it runs. */
export interface ScheduleOptions {
  name: string;
  /** Five fields, or a name such as `@daily`. */
  cron: string;
  /** As in `Europe/Berlin`; that of the cluster if absent. */
  timeZone?: string;
}

/**
 * Makes a CronJob that runs a workflow.
 *
 * @throws as {@link submitRun}; KodamaError `conflict` if the schedule exists.
 */
export async function addSchedule(
  host: Host,
  options: RunStepsOptions,
  cluster: ClusterOptions,
  { name, cron, timeZone }: ScheduleOptions,
): Promise<{ name: string; namespace: string; context: string }> {
  const planned = await plannedRun(host, options, cluster);
  const { client, namespace, secrets, rules, pods } = planned;
  const object = jobOfId(name);
  await confirmObjects(planned, options.yes ? undefined : options.confirm, {
    kind: "CronJob",
    name: object,
  });
  const { data, items } = dataOf(planned);
  const spec = specOf(object, items, planned, cluster);
  await requireAdmitted(planned, spec, cluster);
  const cronJob = cronJobObject(object, namespace, {
    ...spec,
    schedule: name,
    cron,
    ...definedOnly({ timeZone }),
  });
  await withCronJobs(client, namespace, () =>
    createOwned(client, CRON_JOBS, cronJob, (owner) => {
      const labels = { ...pods.labels, ...scheduleLabels(name, "request") };
      const owned = { name: object, namespace, labels, owner };
      return [
        ...requestObjects(owned, { data, ...secretsText(secrets) }),
        ...(cluster.serviceAccount === undefined
          ? accountObjects(owned, [...rules, ...recordRules(undefined)])
          : []),
      ];
    }));
  return { name, namespace, context: client.context };
}

/**
 * Does something with the CronJobs of a namespace.
 *
 * @throws what `work` throws; KodamaError `notFound` that says so if the server has no CronJobs at all.
 */
export async function withCronJobs<T>(
  { context }: KubeClient,
  namespace: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // A missing namespace is named by the message.
    const isUnserved = error instanceof KodamaError && error.kind === "notFound" &&
      !error.message.includes(`"${namespace}"`);
    if (!isUnserved) throw error;
    throw new KodamaError("notFound", `the cluster of context ${context} has no CronJobs`, {
      hint: "the embedded cluster has none: schedules need a Kubernetes of 1.29 or later",
      cause: error,
    });
  }
}

/** The labels are for the records. */
function dataOf({ request, files, pods: { labels } }: Planned) {
  return requestData({ ...request, ...definedOnly({ labels }) }, files);
}

function secretsText(secrets: RunSecrets): { secrets?: string } {
  return hasSecrets(secrets) ? { secrets: JSON.stringify(secrets) } : {};
}

function hasSecrets({ params, env }: RunSecrets): boolean {
  return Object.keys(params).length + Object.keys(env).length > 0;
}

function specOf(
  name: string,
  items: RunSpec["items"],
  { image, workflow, secrets, pods, limits }: Planned,
  cluster: ClusterOptions,
): RunSpec {
  return {
    workflow,
    image,
    pods,
    limits,
    shards: cluster.shards,
    serviceAccount: cluster.serviceAccount ?? name,
    items,
    configMap: name,
    ...(hasSecrets(secrets) ? { secret: name } : {}),
    retainSeconds: Math.ceil(cluster.retainMs / 1000),
    ...(cluster.limitMs === undefined ? {} : { limitSeconds: Math.ceil(cluster.limitMs / 1000) }),
  };
}

/**
 * Asks the cluster whether it would take the pods of a run, before anything of the run exists: a Job is taken whatever
 * its pods are, and its controller alone sees them refused.
 *
 * @throws KodamaError with the cluster's own words: of a quota, a range of limits, a policy, Pod Security, or a missing
 *   account.
 */
async function requireAdmitted(
  { client, namespace }: Planned,
  spec: RunSpec,
  { serviceAccount }: ClusterOptions,
): Promise<void> {
  const scope = { namespace };
  if (serviceAccount !== undefined) {
    const asked = client.get(SERVICE_ACCOUNTS, serviceAccount, scope);
    // Who may not read accounts learns of a missing account by the dry run.
    await unlessError(["forbidden"], asked).catch((error: unknown) => {
      if (!(error instanceof KodamaError) || error.kind !== "notFound") throw error;
      throw accountMissing(serviceAccount, namespace, error);
    });
  }
  const { metadata, spec: podSpec } = shardPod(spec, {});
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, namespace, generateName: `${spec.configMap}-0-` },
    // An account of the run's own doesn't exist yet.
    spec: { containers: [], ...podSpec, serviceAccountName: serviceAccount ?? "default" },
  };
  try {
    await client.create(PODS, pod, scope, { dryRun: true });
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    // Who may only create Jobs, or whose webhooks know no dry run, learns of a refusal by following the run.
    const isUnknown = /cannot create resource|does not support dry run/.test(error.message);
    if (isUnknown) return;
    throw new KodamaError(error.kind, `the pods of the run would be refused: ${error.message}`, {
      cause: error,
      ...definedOnly({ hint: error.hint }),
    });
  }
}

function accountMissing(name: string, namespace: string, cause: KodamaError): KodamaError {
  return new KodamaError(
    "notFound",
    `service account "${name}" doesn't exist in namespace "${namespace}"`,
    {
      cause,
      hint: hint`without ${option("service-account")} kodama makes an account for the run; ${
        action("workflow.rights", {})
      } prints the rights of one`,
    },
  );
}

/** Creates a suspended object, what it owns, and resumes it: whatever fails meanwhile goes with it. */
async function createOwned(
  client: KubeClient,
  resource: ApiResource,
  object: KubeObject,
  ownedBy: (owner: OwnerReference) => readonly KubeObject[],
): Promise<void> {
  const { name = "", namespace = "" } = object.metadata;
  const scope = { namespace };
  const made = await client.create<KubeObject>(resource, object, scope);
  const uid = made.metadata.uid ?? "";
  const owner = { apiVersion: object.apiVersion, kind: object.kind, name, uid };
  try {
    for (const one of ownedBy(owner)) await client.create(resourceOf(one), one, scope);
    await updated(client, resource, { name, namespace }, (current) => ({
      ...current,
      spec: { ...current.spec as Record<string, unknown>, suspend: false },
    }));
  } catch (error) {
    const removal = client.delete(resource, name, scope, { uid, dependents: true });
    const isRemoved = await unlessError(anyKind, removal.then(() => true)) ?? false;
    if (!(error instanceof KodamaError)) throw error;
    const isAboutAccount = /(?:serviceaccounts|roles|rolebindings)\S* "?\S*"? is forbidden/.test(
      error.message,
    );
    const way = isAboutAccount
      ? hint`with ${option("service-account", "NAME")} kodama makes no account and no Role; ${
        action("workflow.rights", {})
      } prints the Role for that account, which also needs create, get and update of configmaps`
      : error.hint;
    const kind = object.kind.toLowerCase();
    const rest = isRemoved
      ? "nothing of it remains in the cluster"
      : `remaining in the cluster: ${kind} ${name}; kubectl delete ${kind} ${name} -n ${namespace} deletes it and what ` +
        "belongs to it";
    throw new KodamaError(error.kind, error.message, {
      cause: error,
      hint: way === undefined ? rest : hint`${way}\n${rest}`,
    });
  }
}

const anyKind = ["forbidden", "notFound", "conflict", "unreachable", "timeout", "server"] as const;

function resourceOf({ kind }: KubeObject): ApiResource {
  const all = [CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS];
  return all.find((resource) => resource.kind === kind) ?? CONFIG_MAPS;
}

/** Changes an object; repeats that if another writer was faster. */
export async function updated(
  client: KubeClient,
  resource: ApiResource,
  { name, namespace }: { name: string; namespace: string },
  changed: (current: KubeObject) => KubeObject,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const current = await client.get<KubeObject>(resource, name, { namespace });
    try {
      await client.update(resource, name, changed(current), { namespace });
      return;
    } catch (error) {
      const isConflict = error instanceof KodamaError && error.kind === "conflict";
      if (!isConflict || attempt === 5) throw error;
    }
  }
}

/** Asks a person whether the objects may be made. @throws KodamaError `declined`. */
export async function confirmObjects(
  { client, namespace, workflow, rules, request }: Planned,
  confirm: Confirm | undefined,
  { kind, name }: { kind: "Job" | "CronJob"; name: string },
): Promise<void> {
  if (confirm === undefined) return;
  const question = {
    action: {
      kind: "clusterRun" as const,
      workflow,
      object: `${kind} ${name}`,
      namespace,
      context: client.context,
      shards: request.shards,
      rights: rules.map(({ verbs, resources }) => `${verbs.join(", ")} ${resources.join(", ")}`),
    },
    count: 0,
    scopes: [],
  };
  if (await confirm.ask(question)) return;
  throw new KodamaError("declined", "cancelled; nothing was created");
}

async function plannedRun(
  host: Host,
  options: RunStepsOptions,
  { image: named, serviceAccount, shards }: ClusterOptions,
): Promise<Planned> {
  if (shards > maxShards) throw new UsageError(`a run has at most ${maxShards} shards`);
  const { contexts = [], ...overrides } = options.overrides;
  if (contexts.length > 1) {
    throw new UsageError("a run in the cluster is in one context", {
      hint: "start it once in each of them",
    });
  }
  const settings = await settingsOf(host);
  const image = named ?? settings.runs?.image;
  if (image === undefined) throw noImageError();
  const prepared = await prepareRun(host, options);
  const { workflow, uses } = prepared.loaded;
  requirePossible([workflow, ...uses.values()], { shards, overrides });
  const rights = await workflowRights(host, {
    workflow: options.workflow,
    params: options.params,
    overrides,
  });
  const client = await host.kube(contexts[0]);
  requireOneContext(rights, client.context);
  const namespace = homeOf(rights, client.defaultNamespace, serviceAccount !== undefined);
  await confirmRun(host, prepared, options);
  return {
    client,
    namespace,
    image,
    ...podsOf(settings),
    workflow: workflow.name,
    ...requestOf(host, prepared, { options, overrides, shards }),
    rules: rulesOf(rights.roles),
  };
}

/** Returns what the settings say of the pods of runs. */
export function podsOf({ defaults, runs }: Settings): Pick<Planned, "pods" | "limits"> {
  const own = defaultSettings.runs.resources;
  const { cpu = own.cpu, memory = own.memory } = runs?.resources ?? {};
  return { pods: podSettings(defaults), limits: { cpu, memory } };
}

/** Returns the values and files that travel. */
function requestOf(
  { places: { workingDir } }: Host,
  { loaded: { workflow, uses }, trusted, params, env }: PreparedRun,
  { options, overrides, shards }: {
    options: RunStepsOptions;
    overrides: RunStepsOptions["overrides"];
    shards: number;
  },
): Pick<Planned, "request" | "secrets" | "files"> {
  const secret = new Set(workflow.params.flatMap(({ name, secret }) => secret ? [name] : []));
  const parts = (isSecret: boolean): Record<string, JsonValue> =>
    Object.fromEntries(
      Object.entries(params).filter(([name, value]) =>
        (secret.has(name) && value !== null) === isSecret
      ),
    );
  const variables = [workflow, ...uses.values()].flatMap(variablesGranted).flatMap((name) => {
    const value = env(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const { choice, deadlineMs } = options;
  return {
    request: {
      version: 1,
      workflow: workflow.path,
      workingDir,
      params: parts(false),
      overrides: overridesData(overrides),
      shards,
      ...(choice === undefined
        ? {}
        : { choice: { ...choice, only: [...choice.only], skip: [...choice.skip] } }),
      ...definedOnly({ deadlineMs }),
    },
    secrets: { params: parts(true), env: Object.fromEntries(variables) },
    files: [...trusted.texts].map(([path, text]) => ({ path, text })),
  };
}

function noImageError(): KodamaError {
  return new KodamaError("config", "no image of kodama is set, which runs in the cluster need", {
    hint: hint`build one with "deno task release", push it to your registry, and set it: ${
      action("config.set", { key: "runs.image", value: "IMAGE" })
    }`,
  });
}

/** Kinds of steps that need this machine or a person. */
const localKinds = new Set(["copy", "prompt", "pick", "tmux"]);

/** Throws for what a pod of kodama can't do. */
function requirePossible(
  workflows: readonly FullWorkflow[],
  { shards, overrides }: {
    shards: number;
    overrides: Pick<RunStepsOptions["overrides"], "selection">;
  },
): void {
  for (const workflow of workflows) {
    const reason = impossible(workflow);
    if (reason === undefined) continue;
    throw new KodamaError("config", `${workflow.name} can't run in the cluster: ${reason}`);
  }
  if (shards === 1) return;
  const [workflow] = workflows;
  const { sample, shuffle } = overrides.selection ?? {};
  const reason = sample !== undefined || shuffle === true
    ? "each shard would choose pods at random for itself"
    : workflow && indivisible(workflow);
  if (reason === undefined) return;
  throw new UsageError(`${workflow?.name} can't be divided into shards: ${reason}`, {
    hint: "without shards one pod does all of it",
  });
}

function impossible({ concurrency, steps, finally: last }: FullWorkflow): string | undefined {
  if (concurrency !== undefined) {
    return "its `concurrency` is that of one machine; a schedule never runs twice at once";
  }
  for (const step of [...steps, ...last].flatMap(withInner)) {
    const { id, kind, fields } = step;
    if (localKinds.has(kind)) return `step ${id} (${kind}) needs this machine`;
    const needs = stepKind(kind).needs(fields).find(({ kind }) =>
      kind === "read" || kind === "write"
    );
    if (needs !== undefined) return `step ${id} uses the file ${needs.what} of this machine`;
  }
  return undefined;
}

function withInner(step: Step): Step[] {
  return [step, ...Object.values(step.inner).flat().flatMap(withInner)];
}

function requireOneContext({ contexts }: WorkflowRights, context: string): void {
  const other = contexts.find((one) => one !== context);
  if (other !== undefined) {
    throw new KodamaError("config", `the workflow uses pods of the context ${other}`, {
      hint: "a run in the cluster reaches only that cluster",
    });
  }
}

/** Returns the namespace of the Job: that of the pods. */
function homeOf(
  { roles, unknown }: WorkflowRights,
  own: string,
  hasAccount: boolean,
): string {
  const scopes = roles.map(({ scope }) => scope);
  const named = new Set(
    scopes.flatMap((scope) =>
      scope.kind === "namespace" ? [scope.name] : scope.kind === "current" ? [own] : []
    ),
  );
  const [only = own] = named;
  if (hasAccount) return named.size === 1 ? only : own;
  const [first] = unknown;
  if (first !== undefined) {
    throw accountError(`the rights of step ${first.step} aren't known: ${first.reason}`);
  }
  if (scopes.some(({ kind }) => kind === "cluster")) {
    throw accountError("it needs rights in all namespaces");
  }
  if (named.size > 1) throw accountError(`it needs rights in ${[...named].join(" and ")}`);
  return only;
}

function accountError(reason: string): KodamaError {
  return new KodamaError("config", `no account can be made for this run: ${reason}`, {
    hint: hint`make one with what ${
      action("workflow.rights", {})
    } prints, and create, get and update of configmaps; ${
      option("service-account", "NAME")
    } uses it`,
  });
}
