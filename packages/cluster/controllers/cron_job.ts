/** CronJobs: a Job each time that a schedule names. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
import type { CronJob, Job } from "kubernetes-types/batch/v1.d.ts";
import { timestamp } from "../model.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import { isDue, parseSchedule } from "./cron.ts";
import type { Live } from "./kinds.ts";
import { managedBy } from "./pods.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";

/** Starts the Jobs of schedules, and deletes the oldest that have ended. */
export const cronJobController: Controller = {
  name: "cronjob-controller",
  watches: ["cronJobs", "jobs"],
  reconcile: (state) => state.active("cronJobs").flatMap((each) => reconcileCronJob(each, state)),
};

const minuteMs = 60_000;

/** A start that was missed longer ago, as by a machine that slept, is not made up for. */
const mostMissed = 100;

function reconcileCronJob(cronJob: Live<CronJob>, state: ClusterSnapshot): ControllerAction[] {
  if (cronJob.metadata.deletionTimestamp !== undefined) return [];
  const { spec, status } = cronJob;
  const jobs = [...state.controlledBy("jobs", cronJob.metadata.uid)]
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const running = jobs.filter((job) => !hasEnded(job, "Complete") && !hasEnded(job, "Failed"));
  const due = dueTime(cronJob, state.now);
  const waits = running.length > 0 && spec?.concurrencyPolicy === "Forbid";
  const starts = due !== undefined && !waits;
  const lastSchedule = starts ? timestamp(due) : status?.lastScheduleTime;
  const successes = jobs.flatMap(({ status }) => status?.completionTime ?? []).sort();
  const next = {
    ...(running.length === 0 ? {} : { active: running.map(referenceTo) }),
    ...(lastSchedule === undefined ? {} : { lastScheduleTime: lastSchedule }),
    ...(successes.length === 0 ? {} : { lastSuccessfulTime: successes.at(-1) ?? "" }),
  };
  const followUp = new Date((Math.floor(state.now.getTime() / minuteMs) + 1) * minuteMs);
  return [
    ...(starts ? start(cronJob, running, due) : []),
    ...surplus(jobs, "Complete", spec?.successfulJobsHistoryLimit ?? 3),
    ...surplus(jobs, "Failed", spec?.failedJobsHistoryLimit ?? 1),
    ...(sameJson(next, status) ? [] : [updateAction("cronJobs", { ...cronJob, status: next })]),
    ...(spec?.suspend ? [] : [{ kind: "requeue", at: followUp } as const]),
  ];
}

/** Returns the latest time of the schedule that has come and had no start; undefined if there is none. */
function dueTime({ metadata, spec, status }: Live<CronJob>, now: Date): Date | undefined {
  const schedule = parseSchedule(spec?.schedule ?? "");
  if (schedule === undefined || spec?.suspend === true) return undefined;
  const after = Math.max(
    Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp),
    now.getTime() - (spec?.startingDeadlineSeconds ?? mostMissed * 60) * 1000,
    now.getTime() - mostMissed * minuteMs,
  );
  const thisMinute = Math.floor(now.getTime() / minuteMs) * minuteMs;
  for (let at = thisMinute; at > after; at -= minuteMs) {
    if (isDue(schedule, new Date(at), spec?.timeZone)) return new Date(at);
  }
  return undefined;
}

function start(
  cronJob: Live<CronJob>,
  running: readonly Live<Job>[],
  due: Date,
): ControllerAction[] {
  const { metadata, spec } = cronJob;
  const { metadata: template, spec: jobSpec } = spec?.jobTemplate ?? {};
  const name = `${metadata.name}-${due.getTime() / minuteMs}`;
  const replaced = spec?.concurrencyPolicy === "Replace" ? running : [];
  return [
    ...replaced.flatMap((job) => [
      deleteAction("jobs", job),
      note("Normal", cronJob, "SuccessfulDelete", `Deleted job ${job.metadata.name}`),
    ]),
    createAction("jobs", {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name,
        namespace: metadata.namespace ?? "",
        labels: { ...template?.labels },
        annotations: {
          ...template?.annotations,
          "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(due),
        },
        ownerReferences: [managedBy(cronJob)],
      },
      ...(jobSpec === undefined ? {} : { spec: structuredClone(jobSpec) }),
    }),
    note("Normal", cronJob, "SuccessfulCreate", `Created job ${name}`),
  ];
}

function hasEnded({ status }: Job, type: "Complete" | "Failed"): boolean {
  return status?.conditions?.some((each) => each.type === type && each.status === "True") ?? false;
}

/** Returns the deletions of the oldest Jobs that ended in a way, beyond how many of them are kept. */
function surplus(
  jobs: readonly Live<Job>[],
  type: "Complete" | "Failed",
  kept: number,
): ControllerAction[] {
  const ended = jobs.filter((job) =>
    hasEnded(job, type) && job.metadata.deletionTimestamp === undefined
  );
  return ended.slice(0, Math.max(0, ended.length - kept)).map((job) => deleteAction("jobs", job));
}

function referenceTo({ metadata }: Live<Job>) {
  const { namespace = "", name, uid, resourceVersion } = metadata;
  return { apiVersion: "batch/v1", kind: "Job", namespace, name, uid, resourceVersion };
}
