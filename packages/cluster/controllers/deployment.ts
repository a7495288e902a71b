/**
 * Deployments: one ReplicaSet a revision, and the rollout from one to the next.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "kubernetes-types/apps/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import { claim } from "./claim.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import {
  planRecreate,
  planRolling,
  planScaling,
  rollingLimits,
  type RolloutLimits,
  type SetSize,
  type SizeChanges,
} from "./rollout_plan.ts";
import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import { hashLabel } from "./naming.ts";
import { managedBy } from "./pods.ts";
import { withCondition } from "./conditions.ts";

/** Moves each Deployment towards its present template and number of replicas. */
export const deploymentController: Controller = {
  name: "deployment-controller",
  watches: ["deployments", "replicaSets", "pods"],
  reconcile: (state) =>
    state.active("deployments").flatMap((deployment) => reconcileDeployment(deployment, state)),
};

/** The values that the parts of a reconcile share. */
interface Rollout {
  deployment: Live<Deployment>;
  sets: readonly Live<ReplicaSet>[];
  current: Live<ReplicaSet> | undefined;
  old: readonly Live<ReplicaSet>[];
  revision: number;
  limits: RolloutLimits;
  state: ClusterSnapshot;
}

function reconcileDeployment(
  deployment: Live<Deployment>,
  state: ClusterSnapshot,
): ControllerAction[] {
  const { owned: sets, actions } = claim(state, "replicaSets", deployment);
  if (actions.length > 0) return actions;
  const rollout = rolloutOf(deployment, sets, state);
  const steps = deployment.metadata.deletionTimestamp === undefined ? stepsOf(rollout) : [];
  const due = progressDeadline(deployment);
  return [
    ...steps,
    ...reportOf(rollout),
    ...(due === undefined || due <= state.now ? [] : [{ kind: "requeue", at: due } as const]),
  ];
}

function rolloutOf(
  deployment: Live<Deployment>,
  sets: readonly Live<ReplicaSet>[],
  state: ClusterSnapshot,
): Rollout {
  const current = currentSet(deployment, sets);
  const old = sets.filter((set) => set !== current);
  const latestOld = Math.max(0, ...old.map(revisionOf));
  const revision = Math.max(latestOld + 1, current === undefined ? 1 : revisionOf(current));
  const { replicas = 1, strategy } = deployment.spec ?? {};
  const limits = strategy?.type === "Recreate"
    ? { replicas, maxSurge: 0, maxUnavailable: 0 }
    : rollingLimits(replicas, strategy?.rollingUpdate);
  return { deployment, sets, current, old, revision, limits, state };
}

/** The writes to ReplicaSets: each is touched at most once a pass. */
function stepsOf(rollout: Rollout): ControllerAction[] {
  const { deployment, current } = rollout;
  const scaled = scalingOf(rollout);
  if (scaled !== undefined) return resize(rollout, scaled);
  if (deployment.spec?.paused === true) return [];
  if (current === undefined) return createSet(rollout);
  const changes = planOf(rollout, current);
  const touched = resize(rollout, changes);
  return touched.length > 0 ? touched : pruneHistory(rollout);
}

/** Returns the sizes after `spec.replicas` changed while a rollout is under way or paused; undefined if it didn't. */
function scalingOf({ sets, deployment, limits }: Rollout): SizeChanges | undefined {
  const newestFirst = [...sets].sort((a, b) => revisionOf(b) - revisionOf(a));
  const sized = newestFirst.filter((set) => (set.spec?.replicas ?? 0) > 0);
  // A paused Deployment at zero grows in its latest revision; any other does so by its plan.
  const active = sized.length === 0 && deployment.spec?.paused === true
    ? newestFirst.slice(0, 1)
    : sized;
  const stale = active.some((set) => {
    const desired = set.metadata.annotations?.[annotationKeys.desired];
    return desired !== undefined && Number(desired) !== limits.replicas;
  });
  if (!stale) return undefined;
  const total = active.length > 1 && deployment.spec?.strategy?.type !== "Recreate"
    ? limits.replicas + (limits.replicas > 0 ? limits.maxSurge : 0)
    : limits.replicas;
  return planScaling(active.map(sizeOf), total);
}

function planOf(rollout: Rollout, current: Live<ReplicaSet>): SizeChanges {
  const { deployment, old, limits, state } = rollout;
  const oldest = [...old].sort((a, b) => revisionOf(a) - revisionOf(b));
  if (deployment.spec?.strategy?.type !== "Recreate") {
    return planRolling(sizeOf(current), oldest.map(sizeOf), limits);
  }
  // Pods that are still ending count: Recreate promises that two revisions never run at once.
  const oldPodsLeft = old.some((set) =>
    state.controlledBy("pods", set.metadata.uid).some(({ status }) =>
      status?.phase !== "Succeeded" && status?.phase !== "Failed"
    )
  );
  return planRecreate(sizeOf(current), oldest.map(sizeOf), {
    replicas: limits.replicas,
    oldPodsLeft,
  });
}

function sizeOf(set: Live<ReplicaSet>): SetSize {
  return {
    name: set.metadata.name,
    desired: set.spec?.replicas ?? 1,
    available: set.status?.availableReplicas ?? 0,
  };
}

function createSet(rollout: Rollout): ControllerAction[] {
  const { deployment, old, limits, state } = rollout;
  const recreate = deployment.spec?.strategy?.type === "Recreate";
  const existing = old.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0);
  const capacity = recreate
    ? (existing === 0 ? limits.replicas : 0)
    : limits.replicas + limits.maxSurge - existing;
  const replicas = Math.max(0, Math.min(limits.replicas, capacity));
  const namespace = deployment.metadata.namespace ?? "";
  const set = newReplicaSet(deployment, {
    replicas,
    annotations: annotationsOf(rollout),
    taken: (name) => state.get("replicaSets", namespace, name) !== undefined,
  });
  return [
    createAction("replicaSets", set),
    ...(replicas === 0 ? [] : [scaledNote(deployment, set.metadata.name, 0, replicas)]),
  ];
}

function annotationsOf({ deployment, revision, limits }: Rollout): Record<string, string> {
  const max = limits.replicas + limits.maxSurge;
  return setAnnotations(deployment, { revision, desired: limits.replicas, max });
}

/** Writes new sizes, and the current set's annotations with them. */
function resize(rollout: Rollout, changes: SizeChanges): ControllerAction[] {
  return rollout.sets.flatMap((set) => {
    const before = set.spec?.replicas ?? 1;
    const after = changes.get(set.metadata.name) ?? before;
    const annotations = nextAnnotations(rollout, set);
    if (after === before && sameJson(annotations, set.metadata.annotations)) return [];
    const next = {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas: after, selector: set.spec?.selector ?? {} },
    };
    const written = updateAction("replicaSets", next);
    return after === before
      ? [written]
      : [written, scaledNote(rollout.deployment, set.metadata.name, before, after)];
  });
}

function nextAnnotations(rollout: Rollout, set: Live<ReplicaSet>): Record<string, string> {
  const present = set.metadata.annotations ?? {};
  // A paused Deployment rolls out no new revision, but can still be scaled.
  const all = annotationsOf(rollout);
  if (set === rollout.current && rollout.deployment.spec?.paused !== true) {
    return { ...present, ...all };
  }
  if ((set.spec?.replicas ?? 0) === 0) return present;
  const { [annotationKeys.desired]: desired = "", [annotationKeys.max]: max = "" } = all;
  return { ...present, [annotationKeys.desired]: desired, [annotationKeys.max]: max };
}

function scaledNote(
  deployment: Live<Deployment>,
  name: string,
  from: number,
  to: number,
): ControllerAction {
  const direction = to > from ? "up" : "down";
  const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
  return note("Normal", deployment, "ScalingReplicaSet", message);
}

/** After a rollout, the oldest empty sets beyond the limit are deleted. */
function pruneHistory({ deployment, old, current, limits }: Rollout): ControllerAction[] {
  const complete = current !== undefined &&
    (current.status?.availableReplicas ?? 0) >= limits.replicas;
  if (!complete) return [];
  const empty = old.filter((set) => (set.status?.replicas ?? 0) === 0 && set.spec?.replicas === 0)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const surplus = empty.length - (deployment.spec?.revisionHistoryLimit ?? 10);
  return empty.slice(0, Math.max(0, surplus)).map((set) => deleteAction("replicaSets", set));
}

/** Status and the Deployment's own revision, in one write. */
function reportOf(
  { deployment, sets, current, limits, revision, state }: Rollout,
): ControllerAction[] {
  const status = deploymentStatus(deployment, {
    current,
    all: sets,
    maxUnavailable: limits.maxUnavailable,
    now: state.now,
  });
  const annotations = current === undefined
    ? deployment.metadata.annotations
    : { ...deployment.metadata.annotations, [annotationKeys.revision]: String(revision) };
  const metadata = annotations === undefined
    ? deployment.metadata
    : { ...deployment.metadata, annotations };
  const next = { ...deployment, metadata, status };
  return sameJson(next, deployment) ? [] : [updateAction("deployments", next)];
}

/* Maps ReplicaSets to revisions of a Deployment. `kubectl rollout history` and `undo` read the annotations. */

/** The label that distinguishes the pods of different revisions. */
const hashLabelKey = "pod-template-hash";

/** Annotations of a Deployment's ReplicaSets. */
const annotationKeys = {
  revision: "deployment.kubernetes.io/revision",
  desired: "deployment.kubernetes.io/desired-replicas",
  max: "deployment.kubernetes.io/max-replicas",
} as const;

/** Not copied to ReplicaSets: they describe the Deployment's own writes. */
const ownAnnotations: readonly string[] = [
  "kubectl.kubernetes.io/last-applied-configuration",
  ...Object.values(annotationKeys),
];

/** Returns the revision of an object; 0 if it has none yet. */
function revisionOf(object: { metadata: { annotations?: Record<string, string> } }): number {
  return Number(object.metadata.annotations?.[annotationKeys.revision] ?? 0) || 0;
}

/** Returns the ReplicaSet of the present template, the oldest if there are several. */
function currentSet(
  deployment: Live<Deployment>,
  sets: readonly Live<ReplicaSet>[],
): Live<ReplicaSet> | undefined {
  return [...sets]
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
}

function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return sameJson(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabelKey]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return {
    spec: template?.spec,
    labels,
    annotations: template?.metadata?.annotations ?? {},
  };
}

/** Returns the desired annotations of a ReplicaSet: the Deployment's own, and its revision in the rollout. */
function setAnnotations(
  deployment: Live<Deployment>,
  rollout: { revision: number; desired: number; max: number },
): Record<string, string> {
  const handedDown = Object.entries(deployment.metadata.annotations ?? {})
    .filter(([key]) => !ownAnnotations.includes(key));
  return {
    ...Object.fromEntries(handedDown),
    [annotationKeys.revision]: String(rollout.revision),
    [annotationKeys.desired]: String(rollout.desired),
    [annotationKeys.max]: String(rollout.max),
  };
}

/** Returns a ReplicaSet for the present template. `taken` reports which names are in use. */
function newReplicaSet(
  deployment: Live<Deployment>,
  options: {
    replicas: number;
    annotations: Record<string, string>;
    taken: (name: string) => boolean;
  },
): ReplicaSet & { metadata: { name: string } } {
  const { template, selector, minReadySeconds = 0 } = deployment.spec ?? {};
  const hash = freeHash(deployment, options.taken);
  const labels = { ...template?.metadata?.labels, [hashLabelKey]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: options.annotations,
      ownerReferences: [managedBy(deployment)],
    },
    spec: {
      replicas: options.replicas,
      selector: {
        ...selector,
        matchLabels: { ...selector?.matchLabels, [hashLabelKey]: hash },
      },
      template: { ...template, metadata: { ...template?.metadata, labels } },
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
    },
    status: { replicas: 0 },
  };
}

/** Another template may have the same hash: then the next one is taken, as `collisionCount` does. */
function freeHash(deployment: Live<Deployment>, taken: (name: string) => boolean): string {
  for (let collisions = 0;; collisions++) {
    const hash = hashLabel({ ...deployment.spec?.template, collisions });
    if (!taken(`${deployment.metadata.name}-${hash}`)) return hash;
  }
}

/* A Deployment's status: what `kubectl rollout status` and `kubectl get deployments` read. */

/** The ReplicaSets of a Deployment, and the result of its rollout. */
interface RolloutView {
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
function deploymentStatus(deployment: Live<Deployment>, view: RolloutView) {
  const counts = countsOf(view);
  const desired = deployment.spec?.replicas ?? 1;
  const unavailable = Math.max(0, desired - counts.availableReplicas);
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
  const desired = deployment.spec?.replicas ?? 1;
  return counts.updatedReplicas === desired && counts.replicas === desired &&
    counts.availableReplicas === desired;
}

function madeProgress(before: DeploymentStatus | undefined, counts: Counts): boolean {
  const oldBefore = (before?.replicas ?? 0) - (before?.updatedReplicas ?? 0);
  return counts.updatedReplicas > (before?.updatedReplicas ?? 0) ||
    counts.readyReplicas > (before?.readyReplicas ?? 0) ||
    counts.availableReplicas > (before?.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldBefore;
}

/** Returns when a rollout without progress is reported as failed. Undefined if there is none to report. */
function progressDeadline(deployment: Deployment): Date | undefined {
  const condition = deployment.status?.conditions?.find(({ type }) => type === "Progressing");
  if (condition?.status === "False" || condition?.reason === "NewReplicaSetAvailable") return;
  const since = condition?.lastUpdateTime;
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 600;
  if (deployment.spec?.paused === true || since === undefined) return undefined;
  return new Date(Date.parse(since) + seconds * 1000);
}
