/**
 * Computes a pod's status from the states of its containers.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
import type { Pod, PodStatus } from "../../../src/kube/types.ts";
import { timestamp } from "../model.ts";
import { type ContainerRecord, containerStatus } from "./container_state.ts";

type Phase = "Pending" | "Running" | "Succeeded" | "Failed";
type Condition = NonNullable<PodStatus["conditions"]>[number];

/** The input of a status. */
interface PodFacts {
  pod: Pod;
  records: readonly ContainerRecord[];
  podIp: string;
  hostIp: string;
  /** When the node accepted the pod. */
  startedAt: Date;
  now: Date;
  /** The pod has ended whatever the state of its containers: its deadline passed, or the node can't run it. */
  verdict?: { reason: string; message: string };
}

/** Returns the status, in which unchanged conditions retain their times. */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod, records, podIp, hostIp, verdict } = facts;
  const init = records.filter(({ role }) => role !== "main");
  const main = records.filter(({ role }) => role === "main");
  const phase = verdict === undefined ? podPhase(pod, records) : "Failed";
  return {
    phase,
    conditions: conditions(facts, phase),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime: timestamp(facts.startedAt),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map(containerStatus) }),
    containerStatuses: main.map(containerStatus).sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...verdict,
  } as PodStatus;
}

/** Computes the phase as the kubelet does: a container that waits for its restart counts as ended. */
export function podPhase(pod: Pod, records: readonly ContainerRecord[]): Phase {
  const policy = pod.spec?.restartPolicy ?? "Always";
  const counts = { waiting: 0, running: 0, succeeded: 0, failed: 0 };
  for (const record of records) {
    if (record.role === "main") counts[standing(record)]++;
    else if (initFailed(record, policy)) return "Failed";
  }
  if (!initialized(records) || counts.waiting > 0) return "Pending";
  if (counts.running > 0) return "Running";
  if (pod.metadata?.deletionTimestamp === undefined) {
    if (policy === "Always") return "Running";
    if (counts.failed > 0 && policy === "OnFailure") return "Running";
  }
  return counts.failed > 0 ? "Failed" : "Succeeded";
}

function standing(
  { phase, last }: ContainerRecord,
): "waiting" | "running" | "succeeded" | "failed" {
  if (phase.kind === "running") return "running";
  const end = phase.kind === "terminated" ? phase.termination : last;
  if (end === undefined) return "waiting";
  return end.exitCode === 0 ? "succeeded" : "failed";
}

function initFailed({ role, phase }: ContainerRecord, policy: string): boolean {
  return role === "init" && policy === "Never" && phase.kind === "terminated" &&
    phase.termination.exitCode !== 0;
}

/** Returns whether every init container has succeeded, and every sidecar has started. */
function initialized(records: readonly ContainerRecord[]): boolean {
  return records.every(({ role, phase, started }) =>
    role === "main" || (role === "sidecar" && started) ||
    (phase.kind === "terminated" && phase.termination.exitCode === 0)
  );
}

function conditions(facts: PodFacts, phase: Phase): Condition[] {
  const { records } = facts;
  const over = phase === "Succeeded" || phase === "Failed";
  const ended = { reason: phase === "Failed" ? "PodFailed" : "PodCompleted" };
  const uninitialized = records.filter(({ role, phase }) =>
    role !== "main" && !(phase.kind === "terminated" && phase.termination.exitCode === 0)
  );
  const unready = records.filter(({ role, ready }) => role !== "init" && !ready);
  const notReady = over ? ended : {
    reason: "ContainersNotReady",
    message: `containers with unready status: [${names(unready)}]`,
  };
  const ready = !over && unready.length === 0;
  const gates = ready ? closedGates(facts.pod) : [];
  return [
    condition(facts, "PodReadyToStartContainers", !over),
    condition(facts, "Initialized", initialized(records), {
      reason: "ContainersNotInitialized",
      message: `containers with incomplete status: [${names(uninitialized)}]`,
    }),
    condition(
      facts,
      "Ready",
      ready && gates.length === 0,
      ready ? { reason: "ReadinessGatesNotReady", message: gates.join("; ") } : notReady,
    ),
    condition(facts, "ContainersReady", ready, notReady),
    condition(facts, "PodScheduled", true),
    ...othersConditions(facts.pod),
  ];
}

const ownConditions = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
];

/** Returns conditions that other clients have written: those of readiness gates. */
function othersConditions({ status }: Pod): Condition[] {
  return (status?.conditions ?? []).filter(({ type }) => !ownConditions.includes(type));
}

/** Returns why each closed readiness gate prevents the pod from being ready, with the kubelet's message. */
function closedGates({ spec, status }: Pod): string[] {
  return (spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = status?.conditions?.find(({ type }) => type === conditionType);
    if (found?.status === "True") return [];
    return found === undefined
      ? [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
}

function names(records: readonly ContainerRecord[]): string {
  return records.map(({ spec }) => spec.name).join(" ");
}

function condition(
  { pod, now }: PodFacts,
  type: string,
  holds: boolean,
  otherwise: { reason?: string; message?: string } = {},
): Condition {
  const status = holds ? "True" : "False";
  const before = pod.status?.conditions?.find((known) => known.type === type);
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  return {
    type,
    status,
    // No one has set it for years, and every kubelet sends it.
    lastProbeTime: null as unknown as string,
    ...(holds ? {} : otherwise),
    lastTransitionTime: since ?? timestamp(now),
  };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass(pod: Pod): "BestEffort" | "Burstable" | "Guaranteed" {
  const all = [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []];
  const named = all.map(({ resources }) => ({
    requests: { ...resources?.limits, ...resources?.requests },
    limits: resources?.limits ?? {},
  }));
  if (named.every(({ requests }) => Object.keys(requests).length === 0)) return "BestEffort";
  const guaranteed = named.every(({ requests, limits }) =>
    ["cpu", "memory"].every((name) => limits[name] !== undefined && limits[name] === requests[name])
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
