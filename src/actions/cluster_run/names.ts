/** The names and labels of the objects of runs in the cluster. Pure. */

/** The label with the name of the run's Job. */
export const runLabel = "kodama.dev/run";
/** The label with the shard of a record, from 0. */
export const shardLabel = "kodama.dev/shard";
/** The label with the name of a schedule, of its CronJob and of the Jobs that it makes. */
export const scheduleLabel = "kodama.dev/schedule";
/** The annotation of a Job with the name of its workflow. */
export const workflowAnnotation = "kodama.dev/workflow";
/** The annotation of a Job that a person has stopped. */
export const stoppedAnnotation = "kodama.dev/stopped";

/** An object's part in a run. */
export type RunComponent = "run" | "request" | "record";

function commonLabels(component: RunComponent): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "kodama", "app.kubernetes.io/component": component };
}

/** Returns the labels of a run's object. */
export function runLabels(job: string, component: RunComponent): Record<string, string> {
  return { ...commonLabels(component), [runLabel]: job };
}

/** Returns the labels of a schedule's object, or of its Jobs. */
export function scheduleLabels(name: string, component: RunComponent): Record<string, string> {
  return { ...commonLabels(component), [scheduleLabel]: name };
}

/**
 * Each selects a part of the Jobs of all runs: those that people started, and those of schedules. Labels of
 * `app.kubernetes.io` select nothing: many clusters set them by admission.
 */
export const anyRun = [runLabel, scheduleLabel] as const;

/** Selects the CronJobs of all schedules. */
export const anySchedule = scheduleLabel;

/** Selects the records of a run. */
export function selectRecords(job: string): string {
  return `${runLabel}=${job},${shardLabel}`;
}

/** The container that runs kodama. */
export const shardContainer = "kodama";

const prefix = "kodama-";

/** Returns the id of a run, as people use it, from the name of its Job; and the other way around. */
export function idOfJob(job: string): string {
  return job.startsWith(prefix) ? job.slice(prefix.length) : job;
}

/** Returns the name of the Job of a new run. */
export function jobOfId(id: string): string {
  return `${prefix}${id}`;
}
