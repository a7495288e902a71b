/**
 * What `ready` means for each kind, and why an object isn't ready: by its status alone, as its controller has written it.
 * A state is ready only if the controller has seen the newest change and has nothing more to do. Pure.
 */
import { plainText } from "../base/plain_text.ts";
import type { ApiResource } from "../kube/client.ts";
import type { ContainerStatus, ObjectMeta, Pod } from "../kube/types.ts";

/** An object of any kind, as the API has it. */
export interface AnyObject {
  metadata?: ObjectMeta;
  spec?: object;
  status?: object;
}

/** The kind of an object. A `Job` of `batch` has nothing in common with that of another group. */
export type ObjectKind = Pick<ApiResource, "group" | "kind">;

type Fields = Readonly<Record<string, unknown>>;

/** Whether an object meets the conditions, and why not. */
export type Verdict =
  | { kind: "met" }
  | Waiting
  /** It doesn't come right by itself; `cause` is Kubernetes' own word: `CrashLoopBackOff`. */
  | { kind: "stuck"; reason: string; cause: string; otherCauses?: readonly string[] };

/** It may come right by itself. */
interface Waiting {
  kind: "waiting";
  reason: string;
  /** Kubernetes' own word, if the reason has one: `Unschedulable`. */
  cause?: string;
  /** Other words of the reason: `OOMKilled`. */
  otherCauses?: readonly string[];
}

const met: Verdict = { kind: "met" };

/** @param causes Kubernetes' own words for the reason, the main one first; empty texts are left out. */
function waiting(reason: string, causes: readonly (string | undefined)[] = []): Waiting {
  const [cause, ...otherCauses] = named(causes);
  return {
    kind: "waiting",
    reason,
    ...(cause === undefined ? {} : { cause }),
    ...(otherCauses.length === 0 ? {} : { otherCauses }),
  };
}

function stuck(
  reason: string,
  cause: string,
  others: readonly (string | undefined)[] = [],
): Extract<Verdict, { kind: "stuck" }> {
  const otherCauses = named(others).filter((one) => one !== cause);
  return { kind: "stuck", reason, cause, ...(otherCauses.length === 0 ? {} : { otherCauses }) };
}

function named(causes: readonly (string | undefined)[]): string[] {
  const words = causes.filter((one) => one !== undefined && one !== "") as string[];
  return [...new Set(words.map((one) => plainText(one, 80)))];
}

/** Returns every word of Kubernetes' that a verdict's reason has. */
export function causesOf(verdict: Verdict): readonly string[] {
  if (verdict.kind === "met") return [];
  const { cause, otherCauses = [] } = verdict;
  return cause === undefined ? otherCauses : [cause, ...otherCauses];
}

/** Returns whether an object's own fields hold up its controller until a person changes something. */
export function isHeld(verdict: Verdict): boolean {
  return verdict.kind === "stuck" &&
    ["OnDelete", "DeploymentPaused", "Suspended"].includes(verdict.cause);
}

/** A condition in an object's status. */
export interface StatusCondition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

function statusOf({ status = {} }: AnyObject): Fields {
  return status as Fields;
}

function specOf({ spec = {} }: AnyObject): Fields {
  return spec as Fields;
}

/** Returns the conditions in an object's status. */
export function conditionsOf(object: AnyObject): readonly StatusCondition[] {
  const { conditions } = statusOf(object);
  return Array.isArray(conditions) ? conditions : [];
}

function trueCondition(object: AnyObject, type: string): StatusCondition | undefined {
  return conditionsOf(object).find((one) => one.type === type && one.status === "True");
}

/** Returns the reason and the message of a condition; "" if it has neither. */
export function explained({ reason, message }: StatusCondition): string {
  return plainText([reason, message].filter(Boolean).join(": "), 400);
}

/**
 * Returns whether a condition is that of an earlier generation: by its own `observedGeneration`, or else by the status's,
 * as `kubectl wait` compares.
 */
export function isOutdated({ observedGeneration }: StatusCondition, object: AnyObject): boolean {
  return (observedGeneration ?? observed(object) ?? Infinity) < (object.metadata?.generation ?? 0);
}

/** The generation that an object's status is about; undefined if the status doesn't say. */
function observed(object: AnyObject): number | undefined {
  const { observedGeneration: value } = statusOf(object);
  // Argo's Rollouts have a text.
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === "number" ? value : undefined;
}

const unobserved = waiting("its controller has not seen the newest change");

/** Kinds whose readiness is more than a condition, by kind and group. */
const rules: Readonly<Record<string, (object: AnyObject) => Verdict>> = {
  "Pod.": (object) => podReadiness(object as Pod),
  "Deployment.apps": deploymentReadiness,
  "StatefulSet.apps": statefulSetReadiness,
  "DaemonSet.apps": daemonSetReadiness,
  "ReplicaSet.apps": replicaReadiness,
  "ReplicationController.": replicaReadiness,
  "Job.batch": jobReadiness,
  "PersistentVolumeClaim.": claimReadiness,
  "PersistentVolume.": volumeReadiness,
  "Namespace.": namespaceReadiness,
  "Node.": conditionReadiness,
  "CustomResourceDefinition.apiextensions.k8s.io": definitionReadiness,
};

/** Kubernetes' own groups whose kinds, unless they are among {@link rules}, are in no state that could be awaited. */
const stateless: ReadonlySet<string> = new Set([
  ...["", "apps", "batch", "autoscaling", "policy", "admissionregistration.k8s.io"],
  ...["coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "networking.k8s.io"],
  ...["node.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io"],
]);

function ruleOf({ kind, group }: ObjectKind): ((object: AnyObject) => Verdict) | undefined {
  const name = `${kind}.${group}`;
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

/** Returns whether objects of a kind can't become ready, because they are of use as soon as they exist: a ConfigMap. */
export function isStateless(kind: ObjectKind): boolean {
  return stateless.has(kind.group) && ruleOf(kind) === undefined;
}

/**
 * Returns whether an object has a state in which it isn't ready. An object of an unknown kind has such a state if it has
 * conditions.
 */
export function hasReadiness(kind: ObjectKind, object: AnyObject): boolean {
  return ruleOf(kind) !== undefined || !isStateless(kind) && conditionsOf(object).length > 0;
}

/** Judges whether an object is of use. */
export function readiness(kind: ObjectKind, object: AnyObject): Verdict {
  if (isStateless(kind)) {
    return stuck(`a ${plainText(kind.kind, 80)} has no state that it could be ready in`, "NoState");
  }
  if (object.metadata?.deletionTimestamp !== undefined) return waiting(terminating(object));
  return (ruleOf(kind) ?? conditionReadiness)(object);
}

/** Judges an object as far as its kind has a rule of its own; undefined if it has none. */
export function ownReadiness(kind: ObjectKind, object: AnyObject): Verdict | undefined {
  return ruleOf(kind)?.(object);
}

/**
 * Judges whether a workload has replaced its pods, whether or not the new pods are ready: no selection of them holds old
 * pods, or lacks new pods that are still to be created. Other kinds, of which nothing is known, are `met`.
 *
 * @param pods only these pods of the workload are of interest; all of them if absent.
 */
export function rollout(
  kind: ObjectKind,
  object: AnyObject,
  pods?: readonly AnyObject[],
): Verdict {
  const rule = rolloutRules[`${kind.kind}.${kind.group}`];
  if (rule === undefined || object.metadata?.deletionTimestamp !== undefined) return met;
  if (!isObserved(object)) return unobserved;
  if (pods?.every((pod) => rule.isNew?.(object, pod) === true) === true) return met;
  const verdict = rule.judge(object);
  if (verdict.kind !== "met" || pods !== undefined || !lacksPods(kind, object)) return verdict;
  return waiting("it is still to create pods");
}

/** Kinds that replace or create pods. */
const rolloutRules: Readonly<
  Record<string, {
    judge: (object: AnyObject) => Verdict;
    /** Returns whether a pod has the newest template that it is due to get, whatever the others have. */
    isNew?: (object: AnyObject, pod: AnyObject) => boolean;
  }>
> = {
  "Deployment.apps": { judge: deploymentRollout },
  "StatefulSet.apps": { judge: statefulSetRollout, isNew: isNewInSet },
  "DaemonSet.apps": { judge: daemonSetRollout, isNew: isNewOnNode },
  // Their pods keep the template that they were created with.
  "ReplicaSet.apps": { judge: () => met, isNew: () => true },
  "ReplicationController.": { judge: () => met, isNew: () => true },
};

function isNewInSet(object: AnyObject, { metadata }: AnyObject): boolean {
  const { updateRevision } = statusOf(object);
  if (metadata?.labels?.["controller-revision-hash"] === updateRevision) return true;
  const { ordinals } = specOf(object) as { ordinals?: { start?: number } };
  const ordinal = Number(/\d+$/.exec(metadata?.name ?? "")?.[0]) - (ordinals?.start ?? 0);
  return ordinal < replicasOf(object) - dueOf(object);
}

/** The server counts the generations of the template, and the controller labels pods with them. */
function isNewOnNode(object: AnyObject, { metadata }: AnyObject): boolean {
  const generation = object.metadata?.annotations?.["deprecated.daemonset.template.generation"];
  return generation !== undefined && metadata?.labels?.["pod-template-generation"] === generation;
}

/** Returns what a deletion waits for. */
export function terminating(object: AnyObject): string {
  const { finalizers = [] } = object.metadata ?? {};
  // A namespace's conditions say what remains in it, and whose finalizers.
  const remains = conditionsOf(object).filter(({ type = "", status }) =>
    type.startsWith("Namespace") && status === "True"
  );
  const texts = remains.length > 0
    ? remains.map(({ message, reason }) => message ?? reason ?? "")
    : finalizers.length > 0
    ? [`held by ${finalizers.length === 1 ? "finalizer" : "finalizers"} ${finalizers.join(", ")}`]
    : [];
  return ["it is terminating", plainText(texts.join("; "), 400)].filter(Boolean).join(": ");
}

/** A custom resource, by the conventions of the API: https://www.kubernetes.dev/docs/devel/api-conventions/ */
function conditionReadiness(object: AnyObject): Verdict {
  const all = conditionsOf(object);
  const own = all.find(({ type }) => type === "Ready") ??
    all.find(({ type }) => type === "Available");
  if ((observed(object) ?? Infinity) < (object.metadata?.generation ?? 0)) return unobserved;
  if (own !== undefined && isOutdated(own, object)) return waiting(earlier(own));
  if (own?.status === "True") return met;
  const stalled = trueCondition(object, "Stalled");
  if (stalled !== undefined) return stuck(explained(stalled), "Stalled", [stalled.reason]);
  if (own === undefined) return waiting("it has no condition Ready");
  return waiting(explained(own) || `${own.type} is ${plainText(`${own.status}`, 40)}`, [
    own.reason,
  ]);
}

/** Returns the reason why a condition doesn't count that {@link isOutdated}. */
export function earlier({ type = "" }: StatusCondition): string {
  return `its condition ${plainText(type, 80)} is that of an earlier generation`;
}

/** Waiting reasons of containers that last until a user changes something. */
const stuckReasons: ReadonlySet<string> = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ImageInspectError",
  "ErrImageNeverPull",
  "InvalidImageName",
  "SignatureValidationFailed",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PostStartHookError",
]);

function podReadiness(pod: Pod): Verdict {
  const { status = {} } = pod;
  const all = [...status.initContainerStatuses ?? [], ...status.containerStatuses ?? []];
  if (status.phase === "Succeeded") return stuck("it has completed", "Succeeded");
  if (status.phase === "Failed") {
    const failed = all.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
    const why = plainText([status.reason, status.message].filter(Boolean).join(": "), 200) ||
      (failed === undefined ? "" : containerText(failed));
    return stuck(why === "" ? "it has failed" : `it has failed: ${why}`, "Failed", [
      status.reason,
      ...failed === undefined ? [] : containerCauses(failed),
    ]);
  }
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") {
    const isOld = isOutdated(ready as StatusCondition, pod);
    return isOld ? waiting(earlier(ready)) : met;
  }
  for (const one of all) {
    const cause = one.state?.waiting?.reason ?? "";
    if (stuckReasons.has(cause)) return stuck(containerText(one), cause, containerCauses(one));
  }
  const scheduled = status.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return waiting(explained(scheduled), [scheduled.reason]);
  const slow = all.find((one) => !one.ready && one.state?.terminated?.reason !== "Completed");
  if (slow !== undefined) return waiting(containerText(slow), containerCauses(slow));
  if (ready === undefined) return waiting(`it is ${plainText(status.phase ?? "new", 40)}`);
  return waiting(explained(ready) || "it is not ready", [ready.reason]);
}

/** Why an instance of a container ended, unless its exit code says it all. */
function endReason({ state, lastState }: ContainerStatus): string | undefined {
  const { reason } = state?.terminated ?? lastState?.terminated ?? {};
  return reason === "Error" || reason === "Completed" ? undefined : reason;
}

function containerCauses(status: ContainerStatus): (string | undefined)[] {
  return [status.state?.waiting?.reason, endReason(status)];
}

/** `container main: CrashLoopBackOff: back-off 10s restarting failed container (OOMKilled, exit code 137, 4 restarts)`. */
function containerText(status: ContainerStatus): string {
  const { name, state, lastState, restartCount = 0 } = status;
  const { waiting, running } = state ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const now = running !== undefined
    ? "running, not ready"
    : plainText([waiting?.reason, messageOf(waiting)].filter(Boolean).join(": ") || "ended", 400);
  if (ended === undefined) return `container ${name}: ${now}`;
  const reason = plainText(endReason(status) ?? "", 80);
  const last = [
    ...(reason === "" ? [] : [reason]),
    `exit code ${ended.exitCode}`,
    `${restartCount} restarts`,
  ];
  return `container ${name}: ${now} (${last.join(", ")})`;
}

/** Without the names of container and pod, which kubelets append: they are known here. */
function messageOf(waiting: { message?: string } | undefined): string | undefined {
  return waiting?.message?.replace(/ container=\S+ pod=\S+$/, "");
}

/** The numbers of a workload's pods, in its status. */
function count(object: AnyObject, field: string): number {
  const value = statusOf(object)[field];
  return typeof value === "number" ? value : 0;
}

function isObserved(object: AnyObject): boolean {
  return (observed(object) ?? 0) >= (object.metadata?.generation ?? 0);
}

/** Returns whether a server's message says that it refuses a pod: by a quota, a policy, a webhook or its schema. */
export function isRefusal(message: string): boolean {
  return /is forbidden|denied the request|is invalid/.test(message);
}

/**
 * As `kubectl rollout status`; of a paused Deployment that has changed it says so. As long as pods are to be removed, also
 * those that a smaller size leaves over, the controller isn't done.
 */
function deploymentReadiness(object: AnyObject): Verdict {
  const rollout = deploymentRollout(object);
  if (rollout.kind !== "met") return rollout;
  const wanted = replicasOf(object);
  const available = count(object, "availableReplicas");
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : met;
}

function deploymentRollout(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const progressing = conditionsOf(object).find(({ type }) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    return stuck(explained(progressing), "ProgressDeadlineExceeded");
  }
  const refused = trueCondition(object, "ReplicaFailure");
  if (refused !== undefined && isRefusal(refused.message ?? "")) {
    return stuck(explained(refused), refused.reason ?? "FailedCreate");
  }
  const wanted = replicasOf(object);
  const updated = count(object, "updatedReplicas");
  const all = count(object, "replicas");
  const left = updated < wanted
    ? `${updated} of ${wanted} pods are updated`
    : all > updated
    ? `${all - updated} old pods are still to be removed`
    : surplus(object);
  if (left === undefined) return met;
  if (specOf(object).paused !== true) return waiting(left);
  // A paused Deployment is still scaled.
  const isScaling = updated > 0 && all < wanted;
  const reason = `it is paused: ${left}`;
  return isScaling ? waiting(reason, ["DeploymentPaused"]) : stuck(reason, "DeploymentPaused");
}

/** Why a workload that was scaled down isn't done; undefined if it is. */
function surplus(object: AnyObject): string | undefined {
  const more = count(object, "replicas") - replicasOf(object);
  return more > 0 ? `${more} more pods than wanted are still to be removed` : undefined;
}

interface UpdateStrategy {
  type?: string;
  rollingUpdate?: { partition?: number };
}

function strategyOf(object: AnyObject): UpdateStrategy {
  return (specOf(object).updateStrategy ?? {}) as UpdateStrategy;
}

/** Pods of the strategy `OnDelete` have the template that they were created with: the controller replaces none. */
function onDelete(updated: number, wanted: number): Verdict {
  const reason = `OnDelete: ${updated} of ${wanted} pods have the new template; ` +
    "the others change when they are deleted";
  return stuck(reason, "OnDelete");
}

/** The pods of a StatefulSet that get its newest template: those below the partition keep theirs. */
function dueOf(object: AnyObject): number {
  const { type, rollingUpdate } = strategyOf(object);
  const partition = type === "OnDelete" ? 0 : rollingUpdate?.partition ?? 0;
  return Math.max(0, replicasOf(object) - partition);
}

/** As `kubectl rollout status`, with `OnDelete`, for which that has no answer, and with `minReadySeconds`. */
function statefulSetReadiness(object: AnyObject): Verdict {
  const rollout = statefulSetRollout(object);
  if (rollout.kind === "stuck" || rollout === unobserved) return rollout;
  const wanted = replicasOf(object);
  const ready = count(object, "readyReplicas");
  if (ready < wanted) return waiting(`${ready} of ${wanted} pods are ready`);
  if (rollout.kind !== "met") return rollout;
  const left = surplus(object);
  if (left !== undefined) return waiting(left);
  const available = count(object, "availableReplicas");
  const hasDelay = Number(specOf(object).minReadySeconds ?? 0) > 0;
  return hasDelay && available < wanted
    ? waiting(`${available} of ${wanted} pods are available`)
    : met;
}

function statefulSetRollout(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const { currentRevision, updateRevision } = statusOf(object);
  const due = dueOf(object);
  const updated = count(object, "updatedReplicas");
  // The current revision of `OnDelete` isn't advanced, also if all pods have been replaced.
  if (currentRevision === updateRevision || updated >= due) return met;
  return strategyOf(object).type === "OnDelete"
    ? onDelete(updated, due)
    : waiting(`${updated} of ${due} pods are updated`);
}

function daemonSetReadiness(object: AnyObject): Verdict {
  const rollout = daemonSetRollout(object);
  if (rollout.kind !== "met") return rollout;
  const wanted = count(object, "desiredNumberScheduled");
  const available = count(object, "numberAvailable");
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : met;
}

function daemonSetRollout(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const wanted = count(object, "desiredNumberScheduled");
  const updated = count(object, "updatedNumberScheduled");
  if (updated >= wanted) return met;
  const hasAll = count(object, "currentNumberScheduled") >= wanted;
  return hasAll && strategyOf(object).type === "OnDelete"
    ? onDelete(updated, wanted)
    : waiting(`${updated} of ${wanted} pods are updated`);
}

function replicaReadiness(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const refused = trueCondition(object, "ReplicaFailure");
  if (refused !== undefined && isRefusal(refused.message ?? "")) {
    return stuck(explained(refused), refused.reason ?? "FailedCreate");
  }
  const wanted = replicasOf(object);
  const ready = count(object, "readyReplicas");
  if (ready < wanted) return waiting(`${ready} of ${wanted} pods are ready`);
  const left = surplus(object);
  return left === undefined ? met : waiting(left);
}

function replicasOf(object: AnyObject): number {
  const { replicas } = specOf(object);
  return typeof replicas === "number" ? replicas : 1;
}

/** Returns whether a workload has fewer pods than it wants: only then a refused creation holds it up. */
export function lacksPods({ kind }: ObjectKind, object: AnyObject): boolean {
  switch (kind) {
    case "DaemonSet":
      return count(object, "currentNumberScheduled") < count(object, "desiredNumberScheduled");
    case "Job": {
      const { parallelism } = specOf(object);
      return count(object, "active") < (typeof parallelism === "number" ? parallelism : 1);
    }
    default:
      return count(object, "replicas") < replicasOf(object);
  }
}

/** Kueue and its like suspend jobs until there is room for them. https://kueue.sigs.k8s.io */
const queueLabel = "kueue.x-k8s.io/queue-name";

/**
 * A job has failed with `FailureTarget` already: `Failed` follows when its pods have ended, which takes their grace
 * period. https://kubernetes.io/docs/concepts/workloads/controllers/job/#termination-of-job-pods
 */
function jobReadiness(object: AnyObject): Verdict {
  const failed = trueCondition(object, "Failed") ?? trueCondition(object, "FailureTarget");
  if (failed !== undefined) return stuck(explained(failed), "Failed", [failed.reason]);
  if (trueCondition(object, "Complete") !== undefined) return met;
  const { completions, suspend } = specOf(object);
  const wanted = typeof completions === "number" ? completions : 1;
  const failures = count(object, "failed");
  const done = `${count(object, "succeeded")} of ${wanted} pods have completed`;
  const numbers = failures === 0 ? done : `${done}, ${failures} failed`;
  if (suspend !== true) return waiting(numbers);
  const reason = `it is suspended: ${numbers}`;
  const isQueued = object.metadata?.labels?.[queueLabel] !== undefined;
  return isQueued ? waiting(reason, ["Suspended"]) : stuck(reason, "Suspended");
}

function claimReadiness(object: AnyObject): Verdict {
  const { phase = "Pending" } = statusOf(object);
  if (phase === "Bound") return met;
  if (phase === "Lost") return stuck("its volume is lost", "Lost");
  return waiting(`it is ${plainText(`${phase}`, 40)}`);
}

function volumeReadiness(object: AnyObject): Verdict {
  const { phase = "Pending", reason, message } = statusOf(object);
  if (phase === "Available" || phase === "Bound") return met;
  const why = explained({ reason: `${reason ?? ""}`, message: `${message ?? ""}` });
  if (phase === "Failed") return stuck(why === "" ? "it has failed" : why, "Failed");
  return waiting(`it is ${plainText(`${phase}`, 40)}`);
}

function namespaceReadiness(object: AnyObject): Verdict {
  const { phase } = statusOf(object);
  return phase === "Active" ? met : waiting(`it is ${plainText(`${phase}`, 40)}`);
}

function definitionReadiness(object: AnyObject): Verdict {
  if (trueCondition(object, "Established") !== undefined) return met;
  const names = conditionsOf(object).find(({ type }) => type === "NamesAccepted");
  if (names?.status === "False") return stuck(explained(names), "NamesAccepted", [names.reason]);
  return waiting("it is not established");
}
