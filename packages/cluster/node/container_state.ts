/** The state of one container of a pod, and the API's form of it. */
import type { Container, ContainerState, ContainerStatus } from "../../../src/kube/types.ts";
import { timestamp } from "../model.ts";

/** How a main process ended. */
interface Termination {
  exitCode: number;
  /** `Unknown`: it ended with its node, which did not see how. */
  reason: "Completed" | "Error" | "StartError" | "Unknown";
  message?: string;
  startedAt: Date;
  finishedAt: Date;
  containerId: string;
}

/** The phase of a container. */
export type RecordedPhase =
  | { kind: "waiting"; reason: string; message?: string }
  | { kind: "running"; startedAt: Date }
  | { kind: "terminated"; termination: Termination };

/** The role of a container: `sidecar` is an init container that is always restarted. */
export type ContainerRole = "init" | "sidecar" | "main";

/** The complete state. Changed by the container's worker alone. */
export interface ContainerRecord {
  readonly spec: Container;
  readonly role: ContainerRole;
  phase: RecordedPhase;
  /** The end before the present phase. */
  last: Termination | undefined;
  restartCount: number;
  containerId: string;
  image: string;
  imageId: string;
  /** The startup probe has passed, or there is none and it runs. */
  started: boolean;
  ready: boolean;
}

/** Returns a container that hasn't been started yet. */
export function newRecord(spec: Container, role: ContainerRole): ContainerRecord {
  return {
    spec,
    role,
    phase: { kind: "waiting", reason: "ContainerCreating" },
    last: undefined,
    restartCount: 0,
    containerId: "",
    image: spec.image ?? "",
    imageId: "",
    started: false,
    ready: false,
  };
}

/**
 * A container of a pod from an earlier run of the node: started again as after a reboot of a kubelet's machine, or
 * ended, if the pod's policy is never to restart.
 */
export function resumedRecord(
  spec: Container,
  role: ContainerRole,
  earlier: { status: ContainerStatus | undefined; restartPolicy: string | undefined },
): ContainerRecord {
  const { status, restartPolicy } = earlier;
  const record = newRecord(spec, role);
  if (status?.containerID === undefined) {
    return { ...record, restartCount: status?.restartCount ?? 0 };
  }
  const last = lostTermination(status, status.containerID);
  if (restartPolicy === "Never") {
    const ready = role === "init" && last.exitCode === 0;
    return { ...record, ready, phase: { kind: "terminated", termination: last } };
  }
  return { ...record, last, restartCount: status.restartCount + 1 };
}

/** Its end, if that was seen; else as a kubelet reports a container that it finds missing. */
function lostTermination({ state }: ContainerStatus, containerId: string): Termination {
  const { running, terminated } = state ?? {};
  const startedAt = new Date(String(running?.startedAt ?? terminated?.startedAt ?? 0));
  return {
    exitCode: terminated?.exitCode ?? 255,
    reason: terminated?.exitCode === 0 ? "Completed" : "Unknown",
    startedAt,
    finishedAt: terminated === undefined ? startedAt : new Date(String(terminated.finishedAt)),
    containerId,
  };
}

/** Returns the API's form. */
export function containerStatus(record: ContainerRecord): ContainerStatus {
  const status: ContainerStatus = {
    name: record.spec.name,
    image: record.image,
    imageID: record.imageId,
    ready: record.ready,
    started: record.started,
    restartCount: record.restartCount,
    state: stateOf(record.phase),
    lastState: record.last === undefined ? {} : { terminated: terminatedState(record.last) },
  };
  return record.containerId === "" ? status : { ...status, containerID: record.containerId };
}

function stateOf(phase: RecordedPhase): ContainerState {
  switch (phase.kind) {
    case "waiting":
      return {
        waiting: phase.message === undefined
          ? { reason: phase.reason }
          : { reason: phase.reason, message: phase.message },
      };
    case "running":
      return { running: { startedAt: timestamp(phase.startedAt) } };
    case "terminated":
      return { terminated: terminatedState(phase.termination) };
  }
}

function terminatedState(end: Termination): NonNullable<ContainerState["terminated"]> {
  return {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message === undefined ? {} : { message: end.message }),
    startedAt: timestamp(end.startedAt),
    finishedAt: timestamp(end.finishedAt),
    containerID: end.containerId,
  };
}
