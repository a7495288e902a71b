/** Resolves a selection of pods to the containers whose logs are read. */
import { NoMatchError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import {
  type AbsentPods,
  findTargets,
  type FoundTargets,
  selectedPods,
} from "../../kube/select/find_targets.ts";
import { isNamedPod, namedContainers } from "../../kube/select/pod_operands.ts";
import {
  containerNames,
  type SelectedTargets,
  selectTargets,
} from "../../kube/select/selection.ts";
import type { Selection, SkippedPod, Target } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import {
  chosenContainers,
  containerState,
  hasCondition,
  previousLog,
} from "../../logs/containers.ts";
import type { NameChoice } from "../../logs/logs.ts";
import type { LogsRequest } from "./events.ts";

/** The options that select containers. */
export type LogChoice = Omit<LogsRequest, "signal">;

/** What choosing needs besides the options. */
interface ChoosingContext {
  context: string;
  random: () => number;
}

/** Returns the pods of a selection, whatever their phase: a log outlives its container. */
export function podSelection({ selection, picked }: LogChoice, context: string): Selection {
  const { container: _all, ...others } = selection;
  const operands = selection.operands.map((one) => {
    if (one.kind === "workload") return one;
    const { container: _one, ...pod } = one;
    return pod;
  });
  const pods = { ...others, operands, allPhases: true };
  if (picked === undefined) return pods;
  const here = picked.filter((one) => one.context === context);
  const names = [...new Set(here.map(({ namespace }) => namespace))];
  return {
    ...pods,
    namespaces: { kind: "named", names },
    operands: [...new Set(here.map(({ pod }) => pod))].map((name) => ({ kind: "pod", name })),
  };
}

/** Returns the pods that the user picked; all if there was no pick. */
function pickedOf(pods: readonly Pod[], { picked }: LogChoice, context: string): readonly Pod[] {
  if (picked === undefined) return pods;
  const keys = new Set(
    picked.filter((one) => one.context === context)
      .map(({ namespace, pod }) => keyOf({ namespace, name: pod })),
  );
  return pods.filter(({ metadata }) => keys.has(keyOf(metadata ?? {})));
}

/** Returns the containers of a pod that were picked or that an operand names; undefined if neither narrows them. */
function pickedContainers(
  { picked, selection, container }: LogChoice,
  { context, namespace, pod }: Target,
): ReadonlySet<string> | undefined {
  if (picked === undefined && container.length === 0) {
    const named = namedContainers(selection, { context, namespace, pod });
    return named.length === 0 ? undefined : new Set(named);
  }
  const names = picked?.filter((one) =>
    one.context === context && one.namespace === namespace && one.pod === pod
  ).map(({ container }) => container);
  if (names === undefined || names.includes(undefined)) return undefined;
  return new Set(names.filter((name) => name !== undefined));
}

/**
 * Returns one target for each container. Throws as `findTargets` does, and NoMatchError if no pod has a named
 * container.
 */
export async function findLogTargets(
  client: KubeClient,
  choice: LogChoice,
  options: { signal: AbortSignal; random: () => number } & AbsentPods,
): Promise<FoundTargets> {
  const selection = podSelection(choice, client.context);
  const { pods, absent } = await selectedPods(client, selection, options);
  const { context } = client;
  const chosen = logTargets(pods, choice, { context, random: options.random });
  if (chosen.targets.length + chosen.skipped.length > 0) {
    const missing = absent.map(({ namespace, pod, trouble = "" }) => ({
      namespace,
      pod,
      reason: trouble,
      named: true as const,
    }));
    return { ...chosen, skipped: [...chosen.skipped, ...missing], nearest: [] };
  }
  // The error for an empty result is that of every other command.
  const { nearest, requested } = await findTargets(client, selection, options);
  return {
    targets: [],
    skipped: [],
    nearest,
    ...(requested && { requested: withNarrowing(requested, choice) }),
  };
}

/** These options narrow as a selector does: without them, an error would deny existing pods. */
function withNarrowing(
  requested: NonNullable<FoundTargets["requested"]>,
  { condition, containerState }: LogChoice,
): NonNullable<FoundTargets["requested"]> {
  const states = containerState.map((state) => `container state ${state}`);
  const conditions = condition === undefined
    ? []
    : [`condition ${condition.type}=${condition.status}`];
  const text = [requested.text, ...states, ...conditions].filter((text) => text !== "").join(", ");
  return { ...requested, text };
}

/** Returns the selected containers of these pods, in the order of the selection. Pure. */
export function logTargets(
  pods: readonly Pod[],
  choice: LogChoice,
  { context, random }: ChoosingContext,
): SelectedTargets {
  const { condition } = choice;
  const byKey = new Map(pods.map((pod) => [keyOf(pod.metadata ?? {}), pod]));
  const picked = pickedOf(pods, choice, context);
  const selected = condition === undefined
    ? picked
    : picked.filter((pod) => hasCondition(pod, condition));
  const targets: Target[] = [];
  const skipped: SkippedPod[] = [];
  const all = selectTargets(selected, podSelection(choice, context), { context, random }).targets;
  let named = 0;
  const lacking: SkippedPod[] = [];
  for (const target of all) {
    const pod = byKey.get(targetKey(target));
    if (pod === undefined) continue;
    const only = pickedContainers(choice, target);
    const containers = chosenContainers(pod, choice)
      .filter((container) => only?.has(container) !== false);
    named += containers.length;
    const place = { namespace: target.namespace, pod: target.pod };
    const isNamed = isNamedPod(choice.selection, target);
    if (containers.length === 0 && isNamed && choice.container.length > 0) {
      const reason = `has no container ${namesText(choice.container)}`;
      lacking.push({ ...place, reason, named: true });
    }
    const reasons = containers.map((container) => unreadable(pod, container, choice));
    // Without an earlier instance a pod is healthy.
    const fails = isNamed && !choice.previous && !reasons.includes(undefined);
    reasons.forEach((reason, at) => {
      if (reason === undefined) targets.push({ ...target, container: containers[at] ?? "" });
      else skipped.push({ ...place, reason, ...(fails ? { named: true } : {}) });
    });
  }
  if (named === 0 && all.length > 0 && choice.container.length > 0) {
    const selectedPods = all.flatMap((target) => byKey.get(targetKey(target)) ?? []);
    throw noContainer(all, selectedPods, choice.container);
  }
  return { targets, skipped: [...skipped, ...lacking] };
}

/** Returns why a container has no log that can be read now; undefined if it has one, or if it is waited for. */
function unreadable(
  pod: Pod,
  container: string,
  { follow, previous }: LogChoice,
): string | undefined {
  const before = previous ? previousLog(pod, container) : "readable";
  if (before === "none") return `container "${container}" has no earlier instance`;
  if (before === "removed") {
    return `container "${container}" has restarted, but its node has removed the earlier instance's log`;
  }
  const state = containerState(pod, container);
  if (state.kind === "gone") return `container "${container}" never started`;
  if (follow || state.kind !== "waiting") return undefined;
  return `container "${container}" hasn't started: ${state.reason}`;
}

function noContainer(
  targets: readonly Target[],
  pods: readonly Pod[],
  selected: readonly NameChoice[],
): NoMatchError {
  const names = new Set(pods.flatMap(containerNames));
  const [only] = targets;
  const which = targets.length === 1
    ? `pod "${only?.pod}" has no`
    : `none of the ${targets.length} pods that match has a`;
  return new NoMatchError(`${which} container ${namesText(selected)}`, {
    hint: `the containers are: ${[...names].slice(0, 20).join(", ")}`,
  });
}

function namesText(selected: readonly NameChoice[]): string {
  return selected.map((one) => one.kind === "exact" ? `"${one.name}"` : String(one.regExp))
    .join(" or ");
}

function keyOf({ namespace = "", name = "" }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}

function targetKey({ namespace, pod }: Target): string {
  return keyOf({ namespace, name: pod });
}
