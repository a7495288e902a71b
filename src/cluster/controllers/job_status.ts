/** The progress of a Job, and whether it has ended. */
import type { Job, JobCondition, JobStatus } from "kubernetes-types/batch/v1.d.ts";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { timestamp } from "../timestamp.ts";
import { withCondition } from "./conditions.ts";
import type { Live } from "./kinds.ts";
import { isReady } from "./pods.ts";
import type { ClusterState } from "./state.ts";

/** A Job and its pods at one moment. */
export interface JobView {
  job: Live<Job>;
  pods: readonly Live<Pod>[];
  active: readonly Live<Pod>[];
  succeeded: readonly Live<Pod>[];
  failed: readonly Live<Pod>[];
  parallelism: number;
  completions: number;
  /** Pods share out the work among themselves: the number of successes isn't known beforehand. */
  isWorkQueue: boolean;
  state: ClusterState;
}

/** The outcome of a Job. */
export type Verdict =
  | { kind: "complete"; reason: string; message: string }
  | { kind: "failed"; reason: string; message: string };

/** Returns the condition of a Job that has ended. */
export function terminalCondition(status: JobStatus | undefined): JobCondition | undefined {
  return status?.conditions?.find(({ type, status: value }) =>
    (type === "Complete" || type === "Failed") && value === "True"
  );
}

/** Returns the outcome if a Job ends now. */
export function verdictOf(view: JobView): Verdict | undefined {
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
export function jobStatus(view: JobView, verdict: Verdict | undefined): JobStatus {
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
