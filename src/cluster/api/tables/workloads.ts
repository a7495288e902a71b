/** The columns of the kinds that create pods. */
import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from "../../../kube/types.ts";
import {
  age,
  ageColumn,
  type Column,
  column,
  nameColumn,
  orNone,
  selectorText,
  shortDuration,
} from "./column.ts";

interface WithTemplate {
  spec?: {
    selector?: Parameters<typeof selectorText>[0];
    template: { spec?: { containers: readonly { name: string; image?: string }[] } };
  };
}

const containers = column<WithTemplate>(
  "Containers",
  ({ spec }) => (spec?.template.spec?.containers ?? []).map(({ name }) => name).join(","),
  { wide: true },
);
const images = column<WithTemplate>(
  "Images",
  ({ spec }) => (spec?.template.spec?.containers ?? []).map(({ image }) => image ?? "").join(","),
  { wide: true },
);
const selector = column<WithTemplate>("Selector", ({ spec }) => selectorText(spec?.selector), {
  wide: true,
});

function count<T>(name: string, read: (object: T) => number | undefined): Column {
  return column<T>(name, (object) => read(object) ?? 0, { type: "integer" });
}

/** Replicas that are ready, of this revision, available. */
export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column<Deployment>(
    "Ready",
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  ),
  count<Deployment>("Up-to-date", ({ status }) => status?.updatedReplicas),
  count<Deployment>("Available", ({ status }) => status?.availableReplicas),
  ageColumn,
  containers,
  images,
  selector,
];

/** Replicas: desired, existing, ready. */
export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  count<ReplicaSet>("Desired", ({ spec }) => spec?.replicas),
  count<ReplicaSet>("Current", ({ status }) => status?.replicas),
  count<ReplicaSet>("Ready", ({ status }) => status?.readyReplicas),
  ageColumn,
  containers,
  images,
  selector,
];

/** Ready of desired replicas. */
export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  column<StatefulSet>(
    "Ready",
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  ),
  ageColumn,
  containers,
  images,
];

/** Nodes: desired, and pods there in each state. */
export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  count<DaemonSet>("Desired", ({ status }) => status?.desiredNumberScheduled),
  count<DaemonSet>("Current", ({ status }) => status?.currentNumberScheduled),
  count<DaemonSet>("Ready", ({ status }) => status?.numberReady),
  count<DaemonSet>("Up-to-date", ({ status }) => status?.updatedNumberScheduled),
  count<DaemonSet>("Available", ({ status }) => status?.numberAvailable),
  column<DaemonSet>(
    "Node Selector",
    ({ spec }) => selectorText({ matchLabels: spec?.template.spec?.nodeSelector ?? {} }),
  ),
  ageColumn,
  containers,
  images,
  selector,
];

function jobStatus(job: Job): string {
  const holds = (type: string) =>
    (job.status?.conditions ?? []).some((each) => each.type === type && each.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (job.metadata?.deletionTimestamp) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  if (holds("FailureTarget")) return "FailureTarget";
  return holds("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function jobCompletions({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined && spec.completions !== null) {
    return `${done}/${spec.completions}`;
  }
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

/** Its progress, and its duration. */
export const jobColumns: readonly Column[] = [
  nameColumn,
  column<Job>("Status", jobStatus),
  column<Job>("Completions", jobCompletions),
  column<Job>("Duration", ({ status }, now) => {
    if (!status?.startTime) return "";
    if (!status.completionTime) return age(status.startTime, now);
    return shortDuration(Date.parse(status.completionTime) - Date.parse(status.startTime));
  }),
  ageColumn,
  containers,
  images,
  column<WithTemplate>("Selector", ({ spec }) => orNone(selectorText(spec?.selector)), {
    wide: true,
  }),
];
