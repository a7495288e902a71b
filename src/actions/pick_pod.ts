/** What a picker shows of a pod: the columns of `kubectl get pods -o wide`, and its containers. Pure. */
import { NoMatchError } from "../base/errors.ts";
import { selectTargets } from "../kube/selection.ts";
import type { Selection, Target } from "../kube/target.ts";
import type { ContainerStatus, Pod } from "../kube/types.ts";

/** One container, as it is just now. */
export interface PickContainer {
  name: string;
  /** `Running`, `Waiting`, or the reason for which it doesn't run. */
  status: string;
  ready: boolean;
  restarts: number;
  image: string;
}

/** How a pod is: the columns of `kubectl get pods`. */
export interface PodState {
  /** As kubectl's STATUS. */
  status: string;
  readyContainers: number;
  totalContainers: number;
  restarts: number;
  /** Milliseconds of the epoch; NaN where the server didn't tell. */
  createdMs: number;
}

/** A pod that may be chosen. */
export interface PickPod extends PodState {
  /** The pod's uid, by which it is told from a later one of the same name. */
  id: string;
  /** With the container that the selection means. */
  target: Target;
  containers: readonly PickContainer[];
}

/** The pod as a choice; undefined where the selection doesn't mean it, or it can't be used as it is. */
export function pickPod(
  pod: Pod,
  selection: Selection,
  context: string,
): PickPod | undefined {
  const target = targetOf(pod, selection, context);
  if (target === undefined) return undefined;
  const { status = {}, spec } = pod;
  const statuses = status.containerStatuses ?? [];
  return {
    id: idOf(pod),
    target,
    ...podState(pod),
    containers: (spec?.containers ?? []).map(({ name, image }) =>
      container(name, image ?? "", statuses.find((one) => one.name === name))
    ),
  };
}

/** Returns how a pod is. */
export function podState(pod: Pod): PodState {
  const { metadata = {}, status = {}, spec } = pod;
  const statuses = status.containerStatuses ?? [];
  return {
    status: podStatus(pod),
    readyContainers: statuses.filter(({ ready }) => ready).length,
    totalContainers: spec?.containers?.length ?? statuses.length,
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    createdMs: Date.parse(String(metadata.creationTimestamp ?? "")),
  };
}

/** Whatever a server leaves out, the id has no slash in it. */
export function idOf({ metadata = {} }: Pod): string {
  return (metadata.uid ?? `${metadata.namespace}.${metadata.name}`).replaceAll("/", ".");
}

/** Samples and orders are of whole lists: they aren't asked of one pod. */
function targetOf(pod: Pod, selection: Selection, context: string): Target | undefined {
  const { sample: _sample, ...rest } = selection;
  try {
    const options = { context, random: () => 0 };
    return selectTargets([pod], { ...rest, shuffle: false }, options).targets[0];
  } catch (error) {
    // It has no container of the name that is asked for.
    if (error instanceof NoMatchError) return undefined;
    throw error;
  }
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go says what counts. */
function podStatus({ metadata = {}, status = {} }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  for (const one of status.initContainerStatuses ?? []) {
    const reason = troubleOf(one);
    if (reason !== undefined && reason !== "Completed") return `Init:${reason}`;
  }
  for (const one of [...status.containerStatuses ?? []].reverse()) {
    const reason = troubleOf(one);
    if (reason !== undefined) return reason;
  }
  return status.reason || status.phase || "Unknown";
}

function troubleOf({ state }: ContainerStatus): string | undefined {
  return state?.waiting?.reason || state?.terminated?.reason || undefined;
}

function container(
  name: string,
  image: string,
  status: ContainerStatus | undefined,
): PickContainer {
  const running = status?.state?.running !== undefined;
  const trouble = status === undefined ? undefined : troubleOf(status);
  return {
    name,
    image,
    status: trouble ?? (running ? "Running" : "Waiting"),
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
  };
}
