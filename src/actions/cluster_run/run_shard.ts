/** One shard of a run in the cluster, in its pod: what its Job starts, and starts again. */
import { KodamaError } from "../../base/errors.ts";
import { definedOnly, type JsonValue } from "../../base/json_value.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Retained } from "../../workflow/engine/step_identity.ts";
import { overridesOf } from "../../workflow/record.ts";
import { endData } from "../../workflow/step_events.ts";
import {
  isWorkflowOver,
  joinedAttempts,
  joinedRetained,
  readAttempts,
  retainedByItself,
  retainedWithPods,
} from "../../workflow/shard_records.ts";
import type { Host } from "../host.ts";
import { runSteps, type StepsEvent } from "../workflow/run_steps.ts";
import { idOfJob } from "./names.ts";
import {
  filesFolder,
  mountFolder,
  readRequest,
  readSecrets,
  requestKey,
  type RunRequest,
  secretFolder,
} from "./request.ts";
import { readShardText, ShardRecord } from "./shard_record.ts";

/** Which shard, of which Job. */
export interface ShardOptions {
  job: string;
  jobUid: string;
  namespace: string;
  /** From 0. */
  index: number;
  /** Identifies this process. */
  holder: string;
  /** The folders in which the request and the secret values are mounted; those of the Job's pods if absent. */
  folders?: { request: string; secret: string };
  signal: AbortSignal;
  finallySignal: AbortSignal;
}

/** More than a ConfigMap can have. */
const maxRequestBytes = 4 * 1024 * 1024;

/** How long the pods are searched while the API server is down. */
const searchLimitMs = 10 * 60_000;

/**
 * Runs the shard to its end: what earlier processes of it have recorded isn't repeated. The record has everything
 * before it is done.
 *
 * @throws KodamaError `conflict` if another process of this shard has replaced this one; whatever {@link runSteps}
 *   throws.
 */
export async function* runShard(
  host: Host,
  options: ShardOptions,
): AsyncGenerator<StepsEvent, void> {
  const { job, jobUid, namespace, index, holder, signal, finallySignal } = options;
  const { request: folder, secret } = options.folders ??
    { request: mountFolder, secret: secretFolder };
  const text = await host.files.readText(`${folder}/${requestKey}`, maxRequestBytes);
  if (text === undefined) throw new KodamaError("config", "the folder of the run has no request");
  const request = readRequest(text);
  const secretText = await host.files.readText(`${secret}/${requestKey}`, maxRequestBytes);
  const secrets = secretText === undefined ? { params: {}, env: {} } : readSecrets(secretText);
  const client = await host.kube();
  const { clock } = host;
  const store = { client, clock, namespace, shard: index, random: Math.random };
  const opened = await ShardRecord.open({
    ...store,
    job,
    owner: { apiVersion: "batch/v1", kind: "Job", name: job, uid: jobUid },
    holder,
    ...definedOnly({ labels: request.labels }),
    // After a signal the record of what it has cancelled is still written.
    signal: finallySignal,
  });
  await using record = opened.record;
  const past = joinedAttempts(readAttempts(job, opened.text));
  if (past?.end !== undefined && isWorkflowOver(past)) {
    yield ended(past.end, clock.now());
    return;
  }
  const earlier = await resumed(request, { ...store, signal });
  const own = past === undefined ? undefined : retainedByItself(past);
  const files = `${folder}${filesFolder.slice(mountFolder.length)}`;
  const inPod: Host = {
    ...host,
    places: { ...host.places, workingDir: `${files}${request.workingDir}` },
  };
  const events = runSteps(inPod, {
    workflow: `${files}${request.workflow}`,
    params: new Map(),
    overrides: overridesOf(request.overrides),
    ...(request.choice === undefined ? {} : { choice: request.choice }),
    deadlineMs: request.deadlineMs,
    yes: true,
    trustNow: true,
    signal,
    finallySignal,
    journal: {
      run: idOfJob(job),
      record,
      shard: { index, count: request.shards },
      retained: joinedRetained([earlier, own]),
      rerunOf: request.resume && idOfJob(request.resume.job),
      params: { ...request.params as Record<string, JsonValue>, ...secrets.params },
      env: secrets.env,
      searchLimitMs,
    },
  });
  for await (const event of events) {
    if (event.event === "notRecorded") throw event.record.error;
    yield event;
  }
}

function ended(
  end: NonNullable<ReturnType<typeof joinedAttempts>>["end"] & object,
  at: Date,
): StepsEvent {
  const { outcome, exitCode, again, durationMs } = end;
  const outputs = end.outputs as Record<string, JsonValue>;
  const ended = { ...endData(outcome), outputs, counts: null, exitCode, again, durationMs };
  return { event: "runEnded", ...ended, at: at.toISOString() };
}

/** Returns what the run that this one resumes has ended in this shard. */
async function resumed(
  { resume }: RunRequest,
  store: {
    client: KubeClient;
    clock: Host["clock"];
    namespace: string;
    shard: number;
    signal: AbortSignal;
  },
): Promise<Retained | undefined> {
  if (resume === undefined) return undefined;
  const text = await readShardText({ ...store, job: resume.job });
  const past = joinedAttempts(readAttempts(resume.job, text));
  return past && retainedWithPods(past, resume.from);
}
