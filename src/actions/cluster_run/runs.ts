/** Runs and schedules in the cluster, from any machine: listed, read, followed, stopped and resumed. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { KubeClient } from "../../kube/client.ts";
import { LiveList } from "../../kube/live_list.ts";
import { CONFIG_MAPS, CRON_JOBS, JOBS, ROLES, SECRETS } from "../../kube/resources.ts";
import type { ConfigMap, Job, KubeObject, Secret } from "../../kube/types.ts";
import type { PastWorkflow } from "../../workflow/record.ts";
import { type ResumeFrom, wasAllOk } from "../../workflow/resume.ts";
import {
  isWorkflowOver,
  joinedAttempts,
  joinedShards,
  readAttempts,
} from "../../workflow/shard_records.ts";
import { isTransient } from "../../kube/failures.ts";
import type { Host } from "../host.ts";
import type { PolicyRule } from "./manifests.ts";
import { recordNames } from "./manifests.ts";
import {
  anyRun,
  anySchedule,
  idOfJob,
  jobOfId,
  runLabel,
  scheduleLabel,
  selectRecords,
  shardLabel,
  stoppedAnnotation,
  workflowAnnotation,
} from "./names.ts";
import { filesFolder, type MountedKey, readRequest, readSecrets, requestKey } from "./request.ts";
import type { Confirm } from "../confirm_change.ts";
import { recordId } from "../exec/record_file.ts";
import {
  type ClusterOptions,
  type ClusterRunRef,
  confirmObjects,
  createRun,
  updated,
  withCronJobs,
} from "./submit.ts";

/** Where runs are searched. */
export interface ClusterScope {
  /** The current one if absent. */
  context?: string;
  /** That of the context if absent. */
  namespace?: string;
  allNamespaces?: boolean;
}

/** What a run's Job does now. */
export type ClusterRunState = "waiting" | "running" | "stopping" | "ended";

/** A run in the cluster, with what its shards have recorded. */
export interface ClusterRun extends ClusterRunRef {
  workflow: string;
  createdAt: Date;
  /** The schedule that started it. */
  schedule: string | undefined;
  shards: number;
  state: ClusterRunState;
  /** Undefined before a shard has started, and of an unreadable one. */
  run: PastWorkflow | undefined;
  /** Why its records can't be read; only in a list. */
  unreadable?: KodamaError;
}

type StoredJob = Job & KubeObject;
type StoredMap = ConfigMap & KubeObject;

/** Returns the newest runs first, at most `limit` of them, and how many there are. One unreadable run hides no others. */
export async function listClusterRuns(
  host: Host,
  scope: ClusterScope,
  limit: number,
): Promise<{ runs: ClusterRun[]; total: number }> {
  const client = await host.kube(scope.context);
  const jobs = await newestJobs(client, scope);
  const runs: ClusterRun[] = [];
  // One after the other: records may be large.
  for (const job of jobs.slice(0, limit)) runs.push(await readListed(client, job));
  return { runs, total: jobs.length };
}

/**
 * Returns the run of an id, or the beginning of one; the newest run if none is given.
 *
 * @throws KodamaError `notFound` if none matches, or several do.
 */
export async function findClusterRun(
  host: Host,
  scope: ClusterScope,
  wanted: string | undefined,
): Promise<ClusterRun> {
  const client = await host.kube(scope.context);
  return await readRun(client, await findJob(client, scope, wanted));
}

/** A run of which at least one shard has started. */
export type StartedRun = ClusterRun & { run: PastWorkflow };

/** As {@link findClusterRun}. Throws KodamaError `conflict` if no shard of it has started. */
export async function findStartedRun(
  host: Host,
  scope: ClusterScope,
  wanted: string | undefined,
): Promise<StartedRun> {
  const found = await findClusterRun(host, scope, wanted);
  const { id, run } = found;
  if (run === undefined) throw new KodamaError("conflict", `no shard of run ${id} has started`);
  return { ...found, run };
}

/**
 * Returns the run to compare with: the one that it repeats, or else the newest earlier one of the same workflow in its
 * namespace.
 *
 * @throws KodamaError `notFound` if there is none.
 */
export async function clusterRunBefore(host: Host, later: StartedRun): Promise<StartedRun> {
  const { id, workflow, namespace, context, run: { header: { rerunOf } } } = later;
  const scope = { context, namespace };
  if (rerunOf !== null) return await findStartedRun(host, scope, rerunOf);
  const client = await host.kube(context);
  for (const job of await newestJobs(client, scope)) {
    const isSameWork = job.metadata.annotations?.[workflowAnnotation] === workflow;
    if (!isSameWork || createdAt(job) >= later.createdAt) continue;
    const { run, ...earlier } = await readListed(client, job);
    if (run !== undefined && run.header.rerunOf === null) return { ...earlier, run };
  }
  throw new KodamaError(
    "notFound",
    `no earlier run in namespace ${namespace} does the same as ${id}`,
    {
      hint: hint`${action("runs.list", { inCluster: true })} lists them; any two can be compared`,
    },
  );
}

/** Stops a run: its commands are cancelled and its `finally` follows. One that hasn't started is removed. */
export async function stopClusterRun(
  host: Host,
  { job, namespace, state, context }: ClusterRun,
): Promise<"stopped" | "removed" | "had ended"> {
  if (state === "ended") return "had ended";
  const client = await host.kube(context);
  if (state === "waiting") {
    await client.delete(JOBS, job, { namespace }, { dependents: true });
    return "removed";
  }
  await updated(client, JOBS, { name: job, namespace }, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      annotations: { ...current.metadata.annotations, [stoppedAnnotation]: "true" },
    },
    // Kubernetes ends its pods then, and starts no others.
    spec: { ...current.spec as Record<string, unknown>, activeDeadlineSeconds: 1 },
  }));
  return "stopped";
}

/** News of a run. */
export type ClusterRunEvent =
  /** A line of a shard's record; its fields are those of the published schema. */
  | { kind: "recorded"; shard: number; event: Readonly<Record<string, unknown>> }
  /** The API server can't be reached; events that are recorded meanwhile follow. */
  | { kind: "interrupted"; error: KodamaError }
  /** The last event. */
  | { kind: "ended"; run: ClusterRun };

/** Follows a run to its end, from its first event. Nothing happens to the run if this ends before. */
export async function* followClusterRun(
  host: Host,
  { job, namespace, context }: ClusterRunRef,
  signal: AbortSignal,
): AsyncGenerator<ClusterRunEvent, void> {
  const client = await host.kube(context);
  const positions = new Map<string, number>();
  // A line may be divided between two ConfigMaps.
  const rests = new Map<number, string>();
  const live = new LiveList<KubeObject>([
    { client, resource: JOBS, scope: { namespace }, name: job },
    { client, resource: CONFIG_MAPS, scope: { namespace, labelSelector: selectRecords(job) } },
  ], { clock: host.clock, signal, random: Math.random, mayRetryStart: isTransient });
  for await (const event of live.events()) {
    if (event.kind === "outOfSync") yield { kind: "interrupted", error: event.outage.error };
    if (event.kind !== "changed") continue;
    const changed = event.changes.filter(({ kind }) => kind !== "deleted").map(({ object }) =>
      object
    );
    // Objects of a list don't name their kind.
    const isRecord = ({ metadata }: KubeObject) => metadata.labels?.[shardLabel] !== undefined;
    for (const object of changed.filter(isRecord).toSorted(byChunk)) {
      const shard = Number(object.metadata.labels?.[shardLabel]);
      const name = object.metadata.name ?? "";
      const text = (object as StoredMap).data?.lines ?? "";
      const lines = ((rests.get(shard) ?? "") + text.slice(positions.get(name) ?? 0)).split("\n");
      positions.set(name, text.length);
      rests.set(shard, lines.pop() ?? "");
      for (const line of lines) {
        const recorded = eventOf(line);
        if (recorded !== undefined) yield { kind: "recorded", shard, event: recorded };
      }
    }
    if (event.changes.some(({ kind, object }) => kind === "deleted" && !isRecord(object))) {
      throw new KodamaError("notFound", `run ${idOfJob(job)} was removed`);
    }
    const found = changed.find((object) => !isRecord(object));
    if (found !== undefined && stateOf(found as StoredJob) === "ended") {
      yield { kind: "ended", run: await readRun(client, found as StoredJob) };
      return;
    }
  }
}

function byChunk(one: KubeObject, other: KubeObject): number {
  return (one.metadata.name ?? "").localeCompare(other.metadata.name ?? "", "en", {
    numeric: true,
  });
}

function eventOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const event: unknown = JSON.parse(line);
    const isEvent = typeof event === "object" && event !== null && "kind" in event;
    return isEvent ? event as Readonly<Record<string, unknown>> : undefined;
  } catch {
    // Half of a line, of a process that was killed.
    return undefined;
  }
}

/**
 * Resumes a run in a new Job: with the same files and values, by the rules of any rerun.
 *
 * @throws KodamaError `conflict` if it is still running; `notFound` if its request no longer exists.
 */
export async function rerunInCluster(
  host: Host,
  run: ClusterRun,
  { from, confirm }: {
    from: ResumeFrom | { kind: "all" };
    /** Absent if everything is confirmed beforehand. */
    confirm?: Confirm;
  },
): Promise<ClusterRunRef> {
  if (run.state !== "ended") {
    throw new KodamaError("conflict", `run ${run.id} is still running`, {
      hint: hint`${action("runs.stop", { id: run.id, inCluster: true })} stops it`,
    });
  }
  if (from.kind === "failed" && run.run !== undefined && wasAllOk(run.run)) {
    throw new KodamaError("noMatch", `every step of run ${run.id} was ok`);
  }
  const client = await host.kube(run.context);
  const { namespace, shards, workflow } = run;
  const job = await client.get<StoredJob>(JOBS, run.job, { namespace });
  const { containers: [container], volumes = [], serviceAccountName = "default" } =
    job.spec?.template.spec ?? { containers: [] };
  const configMap = volumes.find((one) => one.configMap !== undefined)?.configMap;
  const secretName = volumes.find((one) => one.secret !== undefined)?.secret?.secretName;
  const stored = await client.get<StoredMap>(CONFIG_MAPS, configMap?.name ?? "", { namespace });
  const request = readRequest(stored.data?.[requestKey] ?? "");
  const items = (configMap?.items ?? []) as MountedKey[];
  const files = items.filter(({ key }) => key !== requestKey).map(({ key, path }) => ({
    path: path.slice(filesFolder.length - filesFolder.lastIndexOf("/") - 1),
    text: stored.data?.[key] ?? "",
  }));
  const { resume: _, ...again } = request;
  const isOwnAccount = serviceAccountName === (configMap?.name ?? "");
  const cluster: ClusterOptions = {
    shards,
    retainMs: (job.spec?.ttlSecondsAfterFinished ?? 0) * 1000,
    ...(isOwnAccount ? {} : { serviceAccount: serviceAccountName }),
  };
  const name = jobOfId(recordId(host.clock.now()));
  const planned = {
    client,
    namespace,
    image: container?.image ?? "",
    workflow,
    request: { ...again, ...(from.kind === "all" ? {} : { resume: { job: run.job, from } }) },
    secrets: await secretsOf(client, namespace, secretName),
    files,
    rules: isOwnAccount
      ? [
        ...await ownRules(client, namespace, serviceAccountName),
        {
          apiGroups: [""],
          resources: ["configmaps"],
          verbs: ["get"],
          resourceNames: recordNames({ name: run.job, shards }),
        },
      ]
      : [],
  };
  await confirmObjects(planned, confirm, { kind: "Job", name });
  return await createRun(planned, { job: name, cluster });
}

async function secretsOf(client: KubeClient, namespace: string, name: string | undefined) {
  if (name === undefined) return { params: {}, env: {} };
  const { data } = await client.get<Secret & KubeObject>(SECRETS, name, { namespace });
  const bytes = Uint8Array.fromBase64(data?.[requestKey] ?? "");
  return readSecrets(new TextDecoder().decode(bytes));
}

/** The rules of a run's account without those on records. */
async function ownRules(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<PolicyRule[]> {
  const role = await client.get<KubeObject & { rules?: PolicyRule[] }>(ROLES, name, { namespace });
  return (role.rules ?? []).filter(({ resources }) => !resources.includes("configmaps"));
}

async function newestJobs(client: KubeClient, scope: ClusterScope): Promise<StoredJob[]> {
  const jobs: StoredJob[] = [];
  const where = { ...namespaceOf(client, scope), labelSelector: anyRun };
  for await (const page of client.list<StoredJob>(JOBS, where)) {
    // Those of a CronJob have its label, and all have one of the two.
    jobs.push(...page.items);
  }
  return jobs.toSorted((a, b) => createdAt(b).getTime() - createdAt(a).getTime());
}

function createdAt({ metadata }: KubeObject): Date {
  return new Date(metadata.creationTimestamp ?? 0);
}

function namespaceOf(client: KubeClient, { namespace, allNamespaces }: ClusterScope) {
  return allNamespaces === true ? {} : { namespace: namespace ?? client.defaultNamespace };
}

async function findJob(
  client: KubeClient,
  scope: ClusterScope,
  wanted: string | undefined,
): Promise<StoredJob> {
  const jobs = await newestJobs(client, scope);
  const matching = wanted === undefined
    ? jobs.slice(0, 1)
    : jobs.filter(({ metadata: { name = "" } }) => idOfJob(name).startsWith(wanted));
  const exact = matching.find(({ metadata: { name = "" } }) => idOfJob(name) === wanted);
  const [first, other] = exact === undefined ? matching : [exact];
  if (first !== undefined && other === undefined) return first;
  const lists = hint`${action("runs.list", { inCluster: true })} lists them`;
  if (first !== undefined) {
    throw new KodamaError("notFound", `several runs start with "${wanted}"`, { hint: lists });
  }
  const where = scope.allNamespaces === true
    ? "in the cluster"
    : `in namespace ${namespaceOf(client, scope).namespace} of ${client.context}`;
  if (wanted === undefined) throw new KodamaError("notFound", `there is no run ${where}`);
  const ids = jobs.map(({ metadata: { name = "" } }) => idOfJob(name));
  const [near] = await nearestNames(wanted, ids, 1);
  throw new KodamaError("notFound", `there is no run ${wanted} ${where}`, {
    hint: near === undefined ? lists : `did you mean ${near}?`,
  });
}

function stateOf({ spec, status, metadata }: StoredJob): ClusterRunState {
  const isOver = status?.conditions?.some(({ type, status }) =>
    (type === "Complete" || type === "Failed") && status === "True"
  );
  if (isOver === true) return "ended";
  if (spec?.suspend === true) return "waiting";
  return metadata.annotations?.[stoppedAnnotation] === undefined ? "running" : "stopping";
}

async function readListed(client: KubeClient, job: StoredJob): Promise<ClusterRun> {
  try {
    return await readRun(client, job);
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "config") throw error;
    return { ...factsOf(client, job), run: undefined, unreadable: error };
  }
}

async function readRun(client: KubeClient, job: StoredJob): Promise<ClusterRun> {
  const { name = "", namespace = "" } = job.metadata;
  const texts = new Map<number, string>();
  const chunks: StoredMap[] = [];
  const scope = { namespace, labelSelector: selectRecords(name) };
  for await (const page of client.list<StoredMap>(CONFIG_MAPS, scope)) chunks.push(...page.items);
  for (const { metadata, data } of chunks.toSorted(byChunk)) {
    const shard = Number(metadata.labels?.[shardLabel]);
    texts.set(shard, (texts.get(shard) ?? "") + (data?.lines ?? ""));
  }
  const facts = factsOf(client, job);
  const { shards, state } = facts;
  const run = joinedShards(
    Array.from({ length: shards }, (_shard, shard) => {
      const record = joinedAttempts(readAttempts(`${name}-${shard}`, texts.get(shard) ?? ""));
      const lost = state === "ended" ? `shard ${shard} ended without a result` : undefined;
      if (record === undefined || state === "ended" || isWorkflowOver(record)) {
        return { record, lost };
      }
      // It was stopped, and will be started again.
      const { end: _, ...others } = record;
      return { record: others, lost };
    }),
  );
  return { ...facts, run: run && seenFrom(run, client.context) };
}

/** Returns what a run's Job shows. */
function factsOf(client: KubeClient, job: StoredJob): Omit<ClusterRun, "run" | "unreadable"> {
  const { name = "", namespace = "", labels, annotations } = job.metadata;
  return {
    id: idOfJob(name),
    job: name,
    namespace,
    context: client.context,
    workflow: annotations?.[workflowAnnotation] ?? labels?.[runLabel] ?? "",
    createdAt: createdAt(job),
    schedule: labels?.[scheduleLabel],
    shards: job.spec?.completions ?? 1,
    state: stateOf(job),
  };
}

/** In its pods the cluster has another name, and the files are elsewhere. */
function seenFrom(run: PastWorkflow, context: string): PastWorkflow {
  const { header } = run;
  const path = header.path.includes(`${filesFolder}/`)
    ? header.path.slice(header.path.indexOf(filesFolder) + filesFolder.length)
    : header.path;
  return {
    ...run,
    header: { ...header, path },
    scopes: run.scopes.map((scope) => ({ ...scope, context })),
    steps: run.steps.map((step) => ({
      ...step,
      targets: new Map(
        [...step.targets].map(([name, end]) =>
          [name, { ...end, target: { ...end.target, context } }] as const
        ),
      ),
    })),
  };
}

/** A schedule. */
export interface Schedule {
  name: string;
  namespace: string;
  workflow: string;
  cron: string;
  timeZone: string | undefined;
  createdAt: Date;
  lastAt: Date | undefined;
  running: number;
}

type CronJob = KubeObject & {
  spec?: { schedule?: string; timeZone?: string };
  status?: { lastScheduleTime?: string; active?: unknown[] };
};

/**
 * Returns the schedules, by name.
 *
 * @throws KodamaError `notFound` if the server has no CronJobs.
 */
export async function listSchedules(host: Host, scope: ClusterScope): Promise<Schedule[]> {
  const client = await host.kube(scope.context);
  const found: CronJob[] = [];
  const where = { ...namespaceOf(client, scope), labelSelector: anySchedule };
  await withCronJobs(client, where.namespace, async () => {
    for await (const page of client.list<CronJob>(CRON_JOBS, where)) found.push(...page.items);
  });
  return found.map(({ metadata, spec, status }) => ({
    name: metadata.labels?.[scheduleLabel] ?? metadata.name ?? "",
    namespace: metadata.namespace ?? "",
    workflow: metadata.annotations?.[workflowAnnotation] ?? "",
    cron: spec?.schedule ?? "",
    timeZone: spec?.timeZone,
    createdAt: new Date(metadata.creationTimestamp ?? 0),
    lastAt: status?.lastScheduleTime === undefined ? undefined : new Date(status.lastScheduleTime),
    running: status?.active?.length ?? 0,
  })).toSorted((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Removes a schedule, and with it its runs and their records.
 *
 * @throws KodamaError `notFound`.
 */
export async function removeSchedule(
  host: Host,
  scope: ClusterScope,
  name: string,
): Promise<{ namespace: string }> {
  const client = await host.kube(scope.context);
  const { namespace = client.defaultNamespace } = scope;
  const all = await listSchedules(host, { ...scope, namespace });
  if (!all.some((one) => one.name === name)) {
    const [near] = await nearestNames(name, all.map((one) => one.name), 1);
    throw new KodamaError("notFound", `there is no schedule ${name} in namespace ${namespace}`, {
      hint: near === undefined
        ? hint`${action("schedule.list", {})} lists them`
        : `did you mean ${near}?`,
    });
  }
  await client.delete(CRON_JOBS, jobOfId(name), { namespace }, { dependents: true });
  return { namespace };
}
