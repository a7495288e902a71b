/** Runs and schedules in the cluster, from any machine: listed, read, followed, stopped and resumed. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError, unlessError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { KubeClient } from "../../kube/client.ts";
import { LiveList } from "../../kube/live_list.ts";
import { CONFIG_MAPS, CRON_JOBS, JOBS, NAMESPACES, ROLES, SECRETS } from "../../kube/resources.ts";
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
import { settingsOf } from "../config/setting_sources.ts";
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
import { eventsOf } from "../wait/obstacles.ts";
import { obstacleOf } from "./obstacles.ts";
import { filesFolder, type MountedKey, readRequest, readSecrets, requestKey } from "./request.ts";
import type { Confirm } from "../confirm_change.ts";
import { recordId } from "../exec/record_file.ts";
import {
  type ClusterOptions,
  type ClusterRunRef,
  confirmObjects,
  createRun,
  podsOf,
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
  /** What holds it up, or why it has no record, as the cluster reports it. */
  obstacle?: string;
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

/**
 * Stops a run: its commands are cancelled and its `finally` follows. Its Job is removed if it hasn't started, and in a
 * namespace that is deleted, which waits for it.
 */
export async function stopClusterRun(
  host: Host,
  { job, namespace, context }: ClusterRunRef,
): Promise<"stopped" | "removed" | "had ended"> {
  const client = await host.kube(context);
  const state = stateOf(await client.get<StoredJob>(JOBS, job, { namespace }));
  if (state === "ended") return "had ended";
  const home = await unlessError(
    ["forbidden", "notFound"],
    client.get<KubeObject>(NAMESPACES, namespace, {}),
  );
  if (state === "waiting" || home?.metadata.deletionTimestamp !== undefined) {
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
  /** What holds it up; undefined if nothing does any more. */
  | { kind: "heldUp"; obstacle: string | undefined }
  /** The API server can't be reached; events that are recorded meanwhile follow. */
  | { kind: "interrupted"; error: KodamaError }
  /** The last event. */
  | { kind: "ended"; run: ClusterRun };

/** Between two looks at what holds a run up. */
const tickMs = 3000;

/**
 * Follows a run to its end, from its first event. Nothing happens to the run if this ends before.
 *
 * @throws KodamaError `notFound` if it is removed; `environment` if it ends without a record.
 */
export async function* followClusterRun(
  host: Host,
  { job, namespace, context }: ClusterRunRef,
  signal: AbortSignal,
): AsyncGenerator<ClusterRunEvent, void> {
  const client = await host.kube(context);
  const shards = new Map<number, RecordReader>();
  const live = new LiveList<KubeObject>([
    { client, resource: JOBS, scope: { namespace }, name: job },
    { client, resource: CONFIG_MAPS, scope: { namespace, labelSelector: selectRecords(job) } },
  ], { clock: host.clock, signal, random: Math.random, mayRetryStart: isTransient });
  let outage: unknown;
  let obstacle: string | undefined;
  for await (const { objects, isInSync } of live.snapshots(tickMs)) {
    if (live.outage !== undefined && live.outage !== outage) {
      yield { kind: "interrupted", error: live.outage.error };
    }
    outage = live.outage;
    // Objects of a list don't name their kind.
    const { records = [], jobs = [] } = Object.groupBy(
      objects.values(),
      ({ metadata }) => metadata.labels?.[shardLabel] === undefined ? "jobs" : "records",
    );
    let isOver = false;
    for (const object of records.toSorted(byChunk)) {
      const shard = Number(object.metadata.labels?.[shardLabel]);
      const reader = shards.get(shard) ?? new RecordReader();
      shards.set(shard, reader);
      for (const event of reader.read(object)) {
        isOver ||= event.event === "runEnded";
        yield { kind: "recorded", shard, event };
      }
    }
    const found = jobs[0] as StoredJob | undefined;
    if (found === undefined && isInSync) {
      throw new KodamaError("notFound", `run ${idOfJob(job)} was removed`);
    }
    if (found === undefined || !isInSync) continue;
    if (isOver || stateOf(found) === "ended") {
      const run = await readRun(client, found);
      if (run.state === "ended" && run.run === undefined) throw noRecordError(run);
      if (run.state === "ended") return yield { kind: "ended", run };
    }
    const now = await obstacleOf(client, found);
    if (now !== obstacle) yield { kind: "heldUp", obstacle: now };
    obstacle = now;
  }
}

function noRecordError({ id, namespace, obstacle }: ClusterRun): KodamaError {
  const why = obstacle ?? `namespace ${namespace} has none of its records`;
  return new KodamaError("environment", `run ${id} has ended without a record: ${why}`, {
    hint: hint`${action("runs.rerun", { id, inCluster: true })} starts it again`,
  });
}

/** Reads the events of a shard's record as it grows. */
class RecordReader {
  readonly #positions = new Map<string, number>();
  /** A line may be divided between two ConfigMaps. */
  #rest = "";

  /** Returns the events that are new in one of its ConfigMaps; they are read in their order. */
  read({ metadata: { name = "" }, ...chunk }: KubeObject): Readonly<Record<string, unknown>>[] {
    const text = (chunk as StoredMap).data?.["lines"] ?? "";
    const position = this.#positions.get(name) ?? 0;
    this.#positions.set(name, text.length);
    const lines = (this.#rest + text.slice(position)).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.map(eventOf).filter((event) => event !== undefined);
  }
}

function byChunk(one: KubeObject, other: KubeObject): number {
  return (one.metadata.name ?? "").localeCompare(other.metadata.name ?? "", "en", {
    numeric: true,
  });
}

function eventOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const event: { event?: unknown } | null = JSON.parse(line);
    return event?.event === undefined || event.event === "workflow" ? undefined : { ...event };
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
    ...podsOf(await settingsOf(host)),
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
  for (const labelSelector of anyRun) {
    const where = { ...namespaceOf(client, scope), labelSelector };
    for await (const page of client.list<StoredJob>(JOBS, where)) jobs.push(...page.items);
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
  const records = Array.from(
    { length: facts.shards },
    (_, shard) => joinedAttempts(readAttempts(`${name}-${shard}`, texts.get(shard) ?? "")),
  );
  // Its record says whether it is over: another container of a pod may run on, and with it the Job.
  const isOver = records.every((record) => record !== undefined && isWorkflowOver(record));
  const state = isOver ? "ended" : facts.state;
  const run = joinedShards(records.map((record, shard) => {
    const lost = state === "ended" ? `shard ${shard} ended without a result` : undefined;
    if (record === undefined || state === "ended" || isWorkflowOver(record)) {
      return { record, lost };
    }
    // It was stopped, and will be started again.
    const { end: _, ...others } = record;
    return { record: others, lost };
  }));
  const isExplained = facts.state === "ended" && run !== undefined || state === "waiting";
  const obstacle = isExplained ? undefined : await obstacleOf(client, job);
  return {
    ...facts,
    state,
    run: run && seenFrom(run, client.context),
    ...definedOnly({ obstacle }),
  };
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
  /** Someone has suspended its CronJob. */
  suspended: boolean;
  /** Runs that didn't start because one was still running. */
  missed: { count: number; since: Date } | undefined;
  /** What holds its present run up. */
  obstacle: string | undefined;
}

type CronJob = KubeObject & {
  spec?: { schedule?: string; timeZone?: string; suspend?: boolean };
  status?: { lastScheduleTime?: string; active?: { name?: string }[] };
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
  const schedules = await Promise.all(found.map((one) => scheduleOf(client, one)));
  return schedules.toSorted((a, b) => a.name < b.name ? -1 : 1);
}

async function scheduleOf(
  client: KubeClient,
  { metadata, spec, status }: CronJob,
): Promise<Schedule> {
  const { namespace = "" } = metadata;
  const active = status?.active ?? [];
  const [{ name = "" } = {}] = active;
  const job = active.length === 0 ? undefined : await unlessError(
    ["forbidden", "notFound"],
    client.get<StoredJob>(JOBS, name, { namespace }),
  );
  return {
    name: metadata.labels?.[scheduleLabel] ?? metadata.name ?? "",
    namespace,
    workflow: metadata.annotations?.[workflowAnnotation] ?? "",
    cron: spec?.schedule ?? "",
    timeZone: spec?.timeZone,
    createdAt: createdAt({ metadata } as KubeObject),
    lastAt: status?.lastScheduleTime === undefined ? undefined : new Date(status.lastScheduleTime),
    running: active.length,
    suspended: spec?.suspend === true,
    missed: job && await missedOf(client, metadata),
    obstacle: job && await obstacleOf(client, job),
  };
}

/** Kubernetes counts the runs that one still running prevents in an event of the CronJob. */
async function missedOf(
  client: KubeClient,
  metadata: CronJob["metadata"],
): Promise<Schedule["missed"]> {
  const events = (await eventsOf(client, CRON_JOBS, metadata))
    .filter(({ reason }) => reason === "JobAlreadyActive");
  const first =
    events.map(({ firstTimestamp, eventTime, metadata: { creationTimestamp } }) =>
      String(firstTimestamp ?? eventTime ?? creationTimestamp)
    ).toSorted()[0];
  if (first === undefined) return undefined;
  const count = events.reduce((sum, { count = 1 }) => sum + count, 0);
  return { count, since: new Date(first) };
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
