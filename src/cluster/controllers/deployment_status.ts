/** A Deployment's status: what `kubectl rollout status` and `kubectl get deployments` read. */
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "kubernetes-types/apps/v1.d.ts";
import type { Live } from "./kinds.ts";
import { withCondition } from "./conditions.ts";

/** The ReplicaSets of a Deployment, and the result of its rollout. */
export interface RolloutView {
  current: Live<ReplicaSet> | undefined;
  all: readonly Live<ReplicaSet>[];
  /** How many replicas may be missing while it still counts as available. */
  maxUnavailable: number;
  now: Date;
}

type Counts = Required<
  Pick<DeploymentStatus, "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas">
>;

/** Returns the status computed from the sets. */
export function deploymentStatus(deployment: Live<Deployment>, view: RolloutView) {
  const counts = countsOf(view);
  const wanted = deployment.spec?.replicas ?? 1;
  const unavailable = Math.max(0, wanted - counts.availableReplicas);
  const status: DeploymentStatus = {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(unavailable === 0 ? {} : { unavailableReplicas: unavailable }),
    observedGeneration: deployment.metadata.generation ?? 0,
  };
  return { ...status, conditions: conditionsOf(deployment, view, counts) };
}

function countsOf({ all, current }: RolloutView): Counts {
  const total = (field: "replicas" | "readyReplicas" | "availableReplicas") =>
    all.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
  return {
    replicas: total("replicas"),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total("readyReplicas"),
    availableReplicas: total("availableReplicas"),
  };
}

function conditionsOf(
  deployment: Live<Deployment>,
  view: RolloutView,
  counts: Counts,
): DeploymentCondition[] {
  const enough = counts.availableReplicas >=
    (deployment.spec?.replicas ?? 1) - view.maxUnavailable;
  const withAvailable = withCondition<DeploymentCondition>(
    deployment.status?.conditions,
    {
      type: "Available",
      ...(enough
        ? {
          status: "True",
          reason: "MinimumReplicasAvailable",
          message: "Deployment has minimum availability.",
        }
        : {
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        }),
    },
    view.now,
    { updateTime: true },
  );
  const progress = progressOf(deployment, view, counts);
  if (progress === undefined) return withAvailable;
  const condition = { type: "Progressing", ...progress };
  const refresh = progress.reason === "ReplicaSetUpdated";
  return withCondition(withAvailable, condition, view.now, { updateTime: true, refresh });
}

type Progress = Pick<DeploymentCondition, "status"> & { reason: string; message: string };

/** Returns the desired Progressing condition, or undefined if it stays as it is. */
function progressOf(
  deployment: Live<Deployment>,
  view: RolloutView,
  counts: Counts,
): Progress | undefined {
  const present = deployment.status?.conditions?.find(({ type }) => type === "Progressing");
  if (deployment.spec?.paused === true) {
    return { status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" };
  }
  const name = view.current?.metadata.name;
  if (name === undefined) return undefined;
  if (isComplete(deployment, counts)) {
    return {
      status: "True",
      reason: "NewReplicaSetAvailable",
      message: `ReplicaSet "${name}" has successfully progressed.`,
    };
  }
  if (present?.reason === "DeploymentPaused") {
    return { status: "Unknown", reason: "DeploymentResumed", message: "Deployment is resumed" };
  }
  if (madeProgress(deployment.status, counts)) {
    return {
      status: "True",
      reason: "ReplicaSetUpdated",
      message: `ReplicaSet "${name}" is progressing.`,
    };
  }
  if (present === undefined) {
    return {
      status: "True",
      reason: "NewReplicaSetCreated",
      message: `Created new replica set "${name}"`,
    };
  }
  const deadline = progressDeadline(deployment);
  if (deadline === undefined || deadline > view.now) return undefined;
  return {
    status: "False",
    reason: "ProgressDeadlineExceeded",
    message: `ReplicaSet "${name}" has timed out progressing.`,
  };
}

function isComplete(deployment: Live<Deployment>, counts: Counts): boolean {
  const wanted = deployment.spec?.replicas ?? 1;
  return counts.updatedReplicas === wanted && counts.replicas === wanted &&
    counts.availableReplicas === wanted;
}

function madeProgress(before: DeploymentStatus | undefined, counts: Counts): boolean {
  const oldBefore = (before?.replicas ?? 0) - (before?.updatedReplicas ?? 0);
  return counts.updatedReplicas > (before?.updatedReplicas ?? 0) ||
    counts.readyReplicas > (before?.readyReplicas ?? 0) ||
    counts.availableReplicas > (before?.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldBefore;
}

/** Returns when a rollout without progress is reported as failed. Undefined if there is none to report. */
export function progressDeadline(deployment: Deployment): Date | undefined {
  const condition = deployment.status?.conditions?.find(({ type }) => type === "Progressing");
  if (condition?.status === "False" || condition?.reason === "NewReplicaSetAvailable") return;
  const since = condition?.lastUpdateTime;
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 600;
  if (deployment.spec?.paused === true || since === undefined) return undefined;
  return new Date(Date.parse(since) + seconds * 1000);
}
