/** A pod in a picker: the columns of `kubectl get pods -o wide`, and its containers. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { selectTargets } from "../../kube/select/selection.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { ContainerStatus, Pod } from "../../kube/types.ts";
import { type PodState, podState } from "./pod_state.ts";

/** One container, in its current state. */
export interface PickContainer {
  name: string;
  /** `Running`, `Waiting`, or the reason why it isn't running. */
  status: string;
  ready: boolean;
  restarts: number;
  image: string;
}

/** A pod that can be picked. */
export interface PickPod extends PodState {
  /** The pod's uid, which distinguishes it from a later pod of the same name. */
  id: string;
  /** With the container that the selection names. */
  target: Target;
  containers: readonly PickContainer[];
}

/** Returns the pod as an item; undefined if the selection excludes it, or it can't be used as it is. */
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

/** Whatever a server omits, the id contains no slash. */
function idOf({ metadata = {} }: Pod): string {
  return (metadata.uid ?? `${metadata.namespace}.${metadata.name}`).replaceAll("/", ".");
}

/** Samples and orders apply to whole lists, not to one pod. */
function targetOf(pod: Pod, selection: Selection, context: string): Target | undefined {
  const { sample: _sample, ...others } = selection;
  try {
    const options = { context, random: () => 0 };
    return selectTargets([pod], { ...others, shuffle: false }, options).targets[0];
  } catch (error) {
    // It has no container of the requested name.
    if (error instanceof NoMatchError) return undefined;
    throw error;
  }
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
