/**
 * What `kodama wait` waits for: conditions that an object meets, doesn't meet yet, or can't meet by itself. Pure.
 * `condition=`, `jsonpath=`, `create` and `delete` mean what they mean to `kubectl wait`; `ready` is the state in which
 * a kind is of use.
 */
import { UsageError } from "../base/errors.ts";
import type { JsonValue } from "../base/json_value.ts";
import { plainText } from "../base/plain_text.ts";
import { Budget } from "../expression/budget.ts";
import { parsePath, type PathLink, valuesAt } from "../expression/json_path.ts";
import type { ContainerStatus, ObjectMeta, Pod } from "../kube/types.ts";

/** One condition. */
export type Condition =
  | { kind: "ready" }
  | { kind: "create" }
  | { kind: "delete" }
  | { kind: "condition"; type: string; status: string }
  /** Without a value: the path leads to something. */
  | { kind: "jsonpath"; links: readonly PathLink[]; value?: string };

/** An object of any kind, as the API has it. */
export interface AnyObject {
  metadata?: ObjectMeta;
  spec?: object;
  status?: object;
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether an object meets the conditions, and why not. */
export type Verdict =
  | { kind: "met" }
  | { kind: "waiting"; reason: string }
  /** It doesn't come right by itself; `cause` is Kubernetes' own word: `CrashLoopBackOff`. */
  | { kind: "stuck"; reason: string; cause: string };

const met: Verdict = { kind: "met" };
const waiting = (reason: string): Verdict => ({ kind: "waiting", reason });

/** Parses `ready`, `create`, `delete`, `condition=TYPE[=STATUS]`, `jsonpath=PATH[=VALUE]`. Throws UsageError. */
export function parseCondition(text: string): Condition {
  if (text === "ready" || text === "create" || text === "delete") return { kind: text };
  const [, kind, rest = ""] = /^(condition|jsonpath)=(.*)$/s.exec(text) ?? [];
  if (kind === "condition" && rest !== "") {
    const [type = "", ...status] = rest.split("=");
    return { kind: "condition", type, status: status.length === 0 ? "True" : status.join("=") };
  }
  if (kind === "jsonpath") return jsonPathCondition(rest);
  throw new UsageError(`"${text}" is not something to wait for`, {
    hint: "ready, create, delete, condition=TYPE[=STATUS] or jsonpath={.PATH}[=VALUE]",
  });
}

/** As in kubectl, quotes and braces around the path are optional. */
function jsonPathCondition(text: string): Condition {
  const [, path = "", value] = /^'?\{(.*?)\}'?(?:=(.*))?$/s.exec(text) ??
    /^([^=]*)(?:=(.*))?$/s.exec(text) ??
    [];
  const read = parsePath(path);
  if (path === "" || "wrongAt" in read) {
    throw new UsageError(`"${text}" is not a JSONPath`, {
      hint: "such as jsonpath={.status.phase}=Running",
    });
  }
  const { links } = read;
  return { kind: "jsonpath", links, ...(value === undefined ? {} : { value }) };
}

/**
 * Judges one object by all of the conditions. @param object undefined if it doesn't exist.
 */
export function judge(
  conditions: readonly Condition[],
  kind: string,
  object: AnyObject | undefined,
): Verdict {
  for (const condition of conditions) {
    const verdict = judgeOne(condition, kind, object);
    if (verdict.kind !== "met") return verdict;
  }
  return met;
}

function judgeOne(condition: Condition, kind: string, object: AnyObject | undefined): Verdict {
  if (condition.kind === "delete") {
    if (object === undefined) return met;
    const isEnding = object.metadata?.deletionTimestamp !== undefined;
    return waiting(isEnding ? "it is terminating" : "it exists");
  }
  if (object === undefined) return waiting("it does not exist");
  switch (condition.kind) {
    case "create":
      return met;
    case "ready":
      return (readiness[kind] ?? readyCondition)(object);
    case "condition":
      return conditionVerdict(condition, kind, object);
    case "jsonpath":
      return pathVerdict(condition, kind, object);
  }
}

interface StatusCondition {
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

function conditionsOf(object: AnyObject): readonly StatusCondition[] {
  const { conditions } = statusOf(object);
  return Array.isArray(conditions) ? conditions : [];
}

/** As in kubectl: types and statuses are compared without regard to case, and an outdated condition doesn't count. */
function conditionVerdict(
  { type, status }: { type: string; status: string },
  kind: string,
  object: AnyObject,
): Verdict {
  const own = conditionsOf(object).find((one) => one.type?.toLowerCase() === type.toLowerCase());
  if (own === undefined) return stuckOr(type, kind, object, `it has no condition ${type}`);
  const isOutdated = own.observedGeneration !== undefined &&
    own.observedGeneration < (object.metadata?.generation ?? 0);
  if (isOutdated) return waiting(`its condition ${type} is that of an earlier generation`);
  if (own.status?.toLowerCase() === status.toLowerCase()) return met;
  const why = explained(own);
  const is = `${type} is ${plainText(`${own.status}`, 40)}`;
  return stuckOr(type, kind, object, `${is}${why && `: ${why}`}`);
}

function pathVerdict(
  { links, value }: { links: readonly PathLink[]; value?: string },
  kind: string,
  object: AnyObject,
): Verdict {
  const found = valuesAt(object as JsonValue, links, new Budget());
  if (found.length === 0) return waiting("the path leads to nothing");
  if (value === undefined) return met;
  const texts = found.map((one) => typeof one === "string" ? one : JSON.stringify(one));
  if (texts.every((text) => text === value)) return met;
  // A reason is shown, logged, and explained by models: it has no value of a Secret.
  const other = kind === "Secret" ? "another value" : plainText(texts.join(", "), 80);
  return waiting(`the path leads to ${other}`);
}

function explained({ reason, message }: StatusCondition): string {
  return plainText([reason, message].filter(Boolean).join(": "), 400);
}

/** A reason to wait for a condition, or why it can't come, as far as the kind knows. */
function stuckOr(type: string, kind: string, object: AnyObject, reason: string): Verdict {
  const own = readiness[kind]?.(object) ?? met;
  if (own.kind === "met") return waiting(reason);
  // A failure that is awaited isn't in the way of itself.
  const isAwaited = own.kind === "stuck" && own.cause.toLowerCase() === type.toLowerCase();
  return isAwaited ? waiting(own.reason) : own;
}

/** Kinds whose readiness is more than a condition. */
const readiness: Readonly<Record<string, (object: AnyObject) => Verdict>> = {
  Pod: (object) => podReadiness(object as Pod),
  Deployment: deploymentReadiness,
  StatefulSet: statefulSetReadiness,
  DaemonSet: daemonSetReadiness,
  ReplicaSet: replicaReadiness,
  ReplicationController: replicaReadiness,
  Job: jobReadiness,
  PersistentVolumeClaim: claimReadiness,
  Namespace: namespaceReadiness,
};

/**
 * Returns whether an object has a state in which it isn't ready: a ConfigMap or a Service is ready as soon as it exists.
 * An object of an unknown kind has one if it has conditions.
 */
export function hasReadiness(kind: string, object: AnyObject): boolean {
  return Object.hasOwn(readiness, kind) || conditionsOf(object).length > 0;
}

function readyCondition(object: AnyObject): Verdict {
  const own = conditionsOf(object).find(({ type }) => type === "Ready" || type === "Available");
  if (own === undefined) return waiting("it has no condition Ready");
  if (own.status === "True") return met;
  return waiting(explained(own) || `${own.type} is ${plainText(`${own.status}`, 40)}`);
}

/** Waiting reasons of containers that last until a user changes something. */
const stuckReasons: ReadonlySet<string> = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

function podReadiness(pod: Pod): Verdict {
  const { status = {}, metadata = {} } = pod;
  if (metadata.deletionTimestamp !== undefined) return waiting("it is terminating");
  if (status.phase === "Succeeded") {
    return { kind: "stuck", reason: "it has completed", cause: "Succeeded" };
  }
  if (status.phase === "Failed") {
    const why = plainText([status.reason, status.message].filter(Boolean).join(": "), 200);
    return {
      kind: "stuck",
      reason: why === "" ? "it has failed" : `it has failed: ${why}`,
      cause: "Failed",
    };
  }
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return met;
  const all = [...status.initContainerStatuses ?? [], ...status.containerStatuses ?? []];
  for (const one of all) {
    const cause = one.state?.waiting?.reason ?? "";
    if (stuckReasons.has(cause)) return { kind: "stuck", reason: containerText(one), cause };
  }
  const scheduled = status.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return waiting(explained(scheduled));
  const slow = all.find((one) => !one.ready && one.state?.terminated?.reason !== "Completed");
  if (slow !== undefined) return waiting(containerText(slow));
  return waiting(
    ready === undefined ? `it is ${status.phase ?? "new"}` : explained(ready) || "it is not ready",
  );
}

/** `container main: CrashLoopBackOff: back-off 10s restarting failed container (exit code 1, 4 restarts)`. */
function containerText({ name, state, lastState, restartCount = 0 }: ContainerStatus): string {
  const { waiting, running } = state ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const now = running !== undefined
    ? "running, not ready"
    : plainText([waiting?.reason, messageOf(waiting)].filter(Boolean).join(": ") || "ended", 400);
  const last = ended === undefined
    ? ""
    : ` (exit code ${ended.exitCode}, ${restartCount} restarts)`;
  return `container ${name}: ${now}${last}`;
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
  return count(object, "observedGeneration") >= (object.metadata?.generation ?? 0);
}

const unobserved = waiting("its controller has not seen the newest change");

/** As `kubectl rollout status`. */
function deploymentReadiness(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const progressing = conditionsOf(object).find(({ type }) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    return { kind: "stuck", reason: explained(progressing), cause: "ProgressDeadlineExceeded" };
  }
  const refused = conditionsOf(object).find(({ type, status, message }) =>
    type === "ReplicaFailure" && status === "True" && message?.includes("is forbidden")
  );
  if (refused !== undefined) {
    return { kind: "stuck", reason: explained(refused), cause: refused.reason ?? "FailedCreate" };
  }
  const wanted = replicasOf(object);
  const updated = count(object, "updatedReplicas");
  const available = count(object, "availableReplicas");
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are updated`);
  const old = count(object, "replicas") - updated;
  if (old > 0) return waiting(`${old} old pods are still to be removed`);
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : met;
}

function statefulSetReadiness(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const wanted = replicasOf(object);
  const ready = count(object, "readyReplicas");
  if (ready < wanted) return waiting(`${ready} of ${wanted} pods are ready`);
  const { currentRevision, updateRevision } = statusOf(object);
  const updated = count(object, "updatedReplicas");
  const strategy = (specOf(object).updateStrategy ?? {}) as {
    type?: string;
    rollingUpdate?: { partition?: number };
  };
  const due = wanted - (strategy.rollingUpdate?.partition ?? 0);
  const isRolling = strategy.type !== "OnDelete" && currentRevision !== updateRevision;
  return isRolling && updated < due ? waiting(`${updated} of ${due} pods are updated`) : met;
}

function daemonSetReadiness(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const wanted = count(object, "desiredNumberScheduled");
  const updated = count(object, "updatedNumberScheduled");
  const available = count(object, "numberAvailable");
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are updated`);
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : met;
}

function replicaReadiness(object: AnyObject): Verdict {
  if (!isObserved(object)) return unobserved;
  const wanted = replicasOf(object);
  const ready = count(object, "readyReplicas");
  return ready < wanted ? waiting(`${ready} of ${wanted} pods are ready`) : met;
}

function replicasOf(object: AnyObject): number {
  const { replicas } = specOf(object);
  return typeof replicas === "number" ? replicas : 1;
}

/**
 * A job has failed with `FailureTarget` already: `Failed` follows when its pods have ended, which takes their grace
 * period. https://kubernetes.io/docs/concepts/workloads/controllers/job/#termination-of-job-pods
 */
function jobReadiness(object: AnyObject): Verdict {
  const failed = conditionsOf(object).find(({ type, status }) =>
    (type === "Failed" || type === "FailureTarget") && status === "True"
  );
  if (failed !== undefined) return { kind: "stuck", reason: explained(failed), cause: "Failed" };
  const complete = conditionsOf(object).some(({ type, status }) =>
    type === "Complete" && status === "True"
  );
  if (complete) return met;
  const { completions } = specOf(object);
  const wanted = typeof completions === "number" ? completions : 1;
  const failures = count(object, "failed");
  const done = `${count(object, "succeeded")} of ${wanted} pods have completed`;
  return waiting(failures === 0 ? done : `${done}, ${failures} failed`);
}

function claimReadiness(object: AnyObject): Verdict {
  const { phase = "Pending" } = statusOf(object);
  if (phase === "Bound") return met;
  if (phase === "Lost") return { kind: "stuck", reason: "its volume is lost", cause: "Lost" };
  return waiting(`it is ${plainText(`${phase}`, 40)}`);
}

function namespaceReadiness(object: AnyObject): Verdict {
  const { phase } = statusOf(object);
  return phase === "Active" ? met : waiting(`it is ${plainText(`${phase}`, 40)}`);
}
