/**
 * Jobs: pods that are to succeed a given number of times.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
import { retryDelayMs } from "../../../src/base/retry.ts";
import type { Job, JobCondition, JobStatus } from "kubernetes-types/batch/v1.d.ts";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import { generatedName, isActive, isReady, podFromTemplate } from "./pods.ts";
import { timestamp } from "../model.ts";
import { withCondition } from "./conditions.ts";

const indexKey = "batch.kubernetes.io/job-completion-index";

/** Runs each Job's pods to completion. */
export const jobController: Controller = {
  name: "job-controller",
  watches: ["jobs", "pods"],
  reconcile: (state) => state.active("jobs").flatMap((job) => reconcileJob(job, state)),
};

function reconcileJob(job: Live<Job>, state: ClusterSnapshot): ControllerAction[] {
  const ended = terminalCondition(job.status);
  if (ended !== undefined) return cleanUp(job, ended.lastTransitionTime, state.now);
  const view = viewOf(job, state);
  const verdict = verdictOf(view);
  const status = jobStatus(view, verdict);
  const written = sameJson(status, job.status) ? [] : [updateAction("jobs", { ...job, status })];
  if (job.metadata.deletionTimestamp !== undefined) return written;
  if (verdict !== undefined) return [...stopAll(view), ...written, verdictNote(job, verdict)];
  const isNew = written.length > 0 && Object.keys(job.status ?? {}).length === 0;
  return [
    ...(isNew ? ignoredNote(job) : []),
    ...stepsOf(view),
    ...written,
    ...deadline(view),
  ];
}

const ignoredFields = [
  "podFailurePolicy",
  "successPolicy",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
];

/** Reports the fields of a job's spec that have no effect here. */
function ignoredNote(job: Live<Job>): ControllerAction[] {
  const present = ignoredFields.filter((field) => Object.hasOwn(job.spec ?? {}, field));
  if (present.length === 0) return [];
  const message = `the embedded cluster ignores ${present.join(", ")}`;
  return [note("Warning", job, "NotSupported", message)];
}

function verdictNote(
  job: Live<Job>,
  verdict: NonNullable<ReturnType<typeof verdictOf>>,
): ControllerAction {
  return verdict.kind === "complete"
    ? note("Normal", job, "Completed", "Job completed")
    : note("Warning", job, verdict.reason, verdict.message);
}

function viewOf(job: Live<Job>, state: ClusterSnapshot): JobView {
  const pods = state.controlledBy("pods", job.metadata.uid);
  const { parallelism = 1, completions } = job.spec ?? {};
  return {
    job,
    pods,
    active: pods.filter(isActive),
    succeeded: pods.filter(({ status }) => status?.phase === "Succeeded"),
    failed: pods.filter(({ status }) => status?.phase === "Failed"),
    parallelism,
    // Without a number of completions one success means that the work is done.
    completions: completions ?? 1,
    isWorkQueue: completions === undefined && parallelism > 1,
    state,
  };
}

function stepsOf(view: JobView): ControllerAction[] {
  const { job, active, state } = view;
  if (job.spec?.suspend === true) return stopAll(view);
  const missing = wantedNow(view) - active.length;
  if (missing < 0) return active.slice(missing).map((pod) => deleteAction("pods", pod));
  if (missing === 0) return [];
  const retryAt = nextAttempt(view);
  if (retryAt > state.now) return [{ kind: "requeue", at: retryAt }];
  const indexes = freeIndexes(view);
  return Array.from({ length: missing }, (_, at) => createPod(view, at, indexes[at])).flat();
}

/** Returns how many pods should run now. */
function wantedNow({ parallelism, completions, succeeded, active, isWorkQueue }: JobView): number {
  // In a work queue no pod starts after the first success: the others finish their work.
  if (isWorkQueue) return succeeded.length > 0 ? Math.min(active.length, parallelism) : parallelism;
  return Math.min(parallelism, Math.max(0, completions - succeeded.length));
}

/** After a failure the next attempt waits: 10 s, doubled each time, at most 6 minutes. */
const attempts = { delayMs: 10_000, maxDelayMs: 360_000 };

function nextAttempt({ failed }: JobView): Date {
  if (failed.length === 0) return new Date(0);
  const ends = failed.map((pod) =>
    Math.max(
      ...(pod.status?.containerStatuses ?? []).map(({ state }) =>
        Date.parse(state?.terminated?.finishedAt ?? "") || 0
      ),
      Date.parse(pod.metadata.creationTimestamp),
    )
  );
  return new Date(Math.max(...ends) + retryDelayMs(attempts, failed.length));
}

function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === "Indexed";
}

/** Returns the indexes that no pod has completed or is running. Empty if pods carry none. */
function freeIndexes({ job, completions, succeeded, active }: JobView): number[] {
  if (!isIndexed(job)) return [];
  const taken = new Set(
    [...succeeded, ...active].map(({ metadata }) => Number(metadata.annotations?.[indexKey])),
  );
  return Array.from({ length: completions }, (_, index) => index).filter((each) =>
    !taken.has(each)
  );
}

function createPod(view: JobView, at: number, index: number | undefined): ControllerAction[] {
  const { job, state } = view;
  if (isIndexed(job) && index === undefined) return [];
  const base = index === undefined ? job.metadata.name : `${job.metadata.name}-${index}`;
  const name = generatedName(base, state.version, at);
  return [
    createAction("pods", newPod(job, name, base, index)),
    note("Normal", job, "SuccessfulCreate", `Created pod: ${name}`),
  ];
}

function newPod(job: Live<Job>, name: string, base: string, index: number | undefined): Pod {
  const template = job.spec?.template ?? {};
  const pod = podFromTemplate(template, job, name);
  const own = {
    "batch.kubernetes.io/controller-uid": job.metadata.uid,
    "batch.kubernetes.io/job-name": job.metadata.name,
    "controller-uid": job.metadata.uid,
    "job-name": job.metadata.name,
  };
  const number = index === undefined ? undefined : { [indexKey]: String(index) };
  const env = { name: "JOB_COMPLETION_INDEX", value: String(index) };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${base}-`,
      labels: { ...pod.metadata.labels, ...own, ...number },
      ...(number === undefined ? {} : {
        annotations: { ...template.metadata?.annotations, ...number },
      }),
    },
    spec: {
      ...pod.spec,
      ...(index === undefined ? {} : { hostname: base }),
      containers: (pod.spec?.containers ?? []).map((container) =>
        index === undefined ? container : { ...container, env: [...container.env ?? [], env] }
      ),
    },
  };
}

function stopAll({ job, active }: JobView): ControllerAction[] {
  return active.flatMap((pod) => [
    deleteAction("pods", pod),
    note("Normal", job, "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`),
  ]);
}

function deadline({ job, state }: JobView): ControllerAction[] {
  const { activeDeadlineSeconds } = job.spec ?? {};
  const since = job.status?.startTime;
  if (activeDeadlineSeconds === undefined || since === undefined) return [];
  const at = new Date(Date.parse(since) + activeDeadlineSeconds * 1000);
  return at > state.now ? [{ kind: "requeue", at }] : [];
}

/** Deletes a Job once its time to live after its end is over; without one it is retained until it is deleted. */
function cleanUp(job: Live<Job>, endedAt: string | undefined, now: Date): ControllerAction[] {
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  if (ttlSecondsAfterFinished === undefined || endedAt === undefined) return [];
  if (job.metadata.deletionTimestamp !== undefined) return [];
  const at = new Date(Date.parse(endedAt) + ttlSecondsAfterFinished * 1000);
  return at > now ? [{ kind: "requeue", at }] : [deleteAction("jobs", job)];
}

/* The progress of a Job, and whether it has ended. */

/** A Job and its pods at one moment. */
interface JobView {
  job: Live<Job>;
  pods: readonly Live<Pod>[];
  active: readonly Live<Pod>[];
  succeeded: readonly Live<Pod>[];
  failed: readonly Live<Pod>[];
  parallelism: number;
  completions: number;
  /** Pods share out the work among themselves: the number of successes isn't known beforehand. */
  isWorkQueue: boolean;
  state: ClusterSnapshot;
}

/** The outcome of a Job. */
type Verdict =
  | { kind: "complete"; reason: string; message: string }
  | { kind: "failed"; reason: string; message: string };

/** Returns the condition of a Job that has ended. */
function terminalCondition(status: JobStatus | undefined): JobCondition | undefined {
  return status?.conditions?.find(({ type, status: value }) =>
    (type === "Complete" || type === "Failed") && value === "True"
  );
}

/** Returns the outcome if a Job ends now. */
function verdictOf(view: JobView): Verdict | undefined {
  const { job, succeeded, active, completions, isWorkQueue, state } = view;
  const done = isWorkQueue
    ? succeeded.length > 0 && active.length === 0
    : succeeded.length >= completions;
  if (done) {
    return {
      kind: "complete",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    };
  }
  if (attemptsFailed(view) > (job.spec?.backoffLimit ?? 6)) {
    return {
      kind: "failed",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  }
  const { activeDeadlineSeconds } = job.spec ?? {};
  const since = Date.parse(job.status?.startTime ?? "");
  if (
    activeDeadlineSeconds !== undefined &&
    since + activeDeadlineSeconds * 1000 <= state.now.getTime()
  ) {
    return {
      kind: "failed",
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    };
  }
  return undefined;
}

/** Returns failed pods, and the restarts of those that restart in place. */
function attemptsFailed({ failed, active, job }: JobView): number {
  if (job.spec?.template.spec?.restartPolicy !== "OnFailure") return failed.length;
  return active.reduce(
    (sum, pod) =>
      sum +
      (pod.status?.containerStatuses ?? []).reduce((count, each) => count + each.restartCount, 0),
    failed.length,
  );
}

/** Returns the computed status. */
function jobStatus(view: JobView, verdict: Verdict | undefined): JobStatus {
  const { job, active, succeeded, failed, state } = view;
  const stopped = verdict !== undefined || job.spec?.suspend === true;
  const counts = {
    active: stopped ? 0 : active.length,
    succeeded: succeeded.length,
    // The pods stopped by this count as failed, as their ends will show.
    failed: verdict?.kind === "failed" ? failed.length + active.length : failed.length,
  };
  const startTime = job.spec?.suspend === true
    ? undefined
    : job.status?.startTime ?? timestamp(state.now);
  const conditions = conditionsOf(view, verdict);
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(startTime === undefined ? {} : { startTime }),
    ready: stopped ? 0 : active.filter(isReady).length,
    terminating: 0,
    uncountedTerminatedPods: {},
    ...(verdict?.kind === "complete" ? { completionTime: timestamp(state.now) } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...indexesDone(view),
  } as JobStatus;
}

function conditionsOf({ job, state }: JobView, verdict: Verdict | undefined): JobCondition[] {
  const present = job.status?.conditions;
  if (verdict !== undefined) {
    const { reason, message } = verdict;
    const types = verdict.kind === "complete"
      ? ["SuccessCriteriaMet", "Complete"]
      : ["FailureTarget", "Failed"];
    return types.reduce<JobCondition[]>(
      (list, type) => withCondition(list, { type, status: "True", reason, message }, state.now),
      present ?? [],
    );
  }
  const suspended = present?.some(({ type }) => type === "Suspended") ?? false;
  if (job.spec?.suspend !== true && !suspended) return present ?? [];
  return withCondition<JobCondition>(
    present,
    job.spec?.suspend === true
      ? { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" }
      : { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" },
    state.now,
  );
}

/** Returns the completed indexes of an Indexed Job: `0-2,5`. */
function indexesDone({ job, succeeded }: JobView): { completedIndexes?: string } {
  if (job.spec?.completionMode !== "Indexed" || succeeded.length === 0) return {};
  const key = "batch.kubernetes.io/job-completion-index";
  const numbers = [
    ...new Set(succeeded.map(({ metadata }) => Number(metadata.annotations?.[key]))),
  ].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const text = ranges.map(([from, to]) =>
    from === to ? `${from}` : `${from}${to === from + 1 ? "," : "-"}${to}`
  ).join(",");
  return { completedIndexes: text };
}
