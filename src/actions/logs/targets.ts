/** Resolves a selection of pods to the containers whose logs are read. */
import { NoMatchError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { findTargets, type FoundTargets } from "../../kube/select/find_targets.ts";
import { namedContainers } from "../../kube/select/pod_operands.ts";
import { readPods } from "../../kube/select/read_pods.ts";
import { type SelectedTargets, selectTargets } from "../../kube/select/selection.ts";
import { checkFieldSelector, checkLabelSelector } from "../../kube/select/selectors.ts";
import type { Selection, SkippedPod, Target } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import {
  chosenContainers,
  containerState,
  hasCondition,
  type NameChoice,
  previousLog,
} from "../../logs/containers.ts";
import type { LogsOptions } from "./events.ts";

/** The options that select containers. */
export type LogChoice = Pick<
  LogsOptions,
  "selection" | "picked" | "containers" | "condition" | "follow" | "previous"
>;

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
  { picked, selection, containers }: LogChoice,
  { context, namespace, pod }: Target,
): ReadonlySet<string> | undefined {
  if (picked === undefined && containers.names.length === 0) {
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
  options: { signal: AbortSignal; random: () => number },
): Promise<FoundTargets> {
  const selection = podSelection(choice, client.context);
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const { pods, missing } = await readPods(client, selection, options.signal);
  const chosen = missing.length > 0
    ? undefined
    : logTargets(pods, choice, { context: client.context, random: options.random });
  if (chosen !== undefined && chosen.targets.length + chosen.skipped.length > 0) {
    return { ...chosen, nearest: [] };
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
  { condition, containers }: LogChoice,
): NonNullable<FoundTargets["requested"]> {
  const states = containers.states.map((state) => `container state ${state}`);
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
  for (const target of all) {
    const pod = byKey.get(targetKey(target));
    if (pod === undefined) continue;
    const only = pickedContainers(choice, target);
    for (const container of chosenContainers(pod, choice.containers)) {
      if (only?.has(container) === false) continue;
      named++;
      const reason = unreadable(pod, container, choice);
      if (reason === undefined) targets.push({ ...target, container });
      else skipped.push({ namespace: target.namespace, pod: target.pod, reason });
    }
  }
  if (named === 0 && all.length > 0 && choice.containers.names.length > 0) {
    const selectedPods = all.flatMap((target) => byKey.get(targetKey(target)) ?? []);
    throw noContainer(all, selectedPods, choice.containers.names);
  }
  return { targets, skipped };
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
  const names = new Set(
    pods.flatMap(({ spec }) => [...spec?.containers ?? [], ...spec?.initContainers ?? []])
      .map(({ name }) => name),
  );
  const [only] = targets;
  const which = targets.length === 1
    ? `pod "${only?.pod}" has no`
    : `none of the ${targets.length} pods that match has a`;
  const requested = selected.map((one) =>
    one.kind === "exact" ? `"${one.name}"` : String(one.regExp)
  );
  return new NoMatchError(`${which} container ${requested.join(" or ")}`, {
    hint: `the containers are: ${[...names].slice(0, 20).join(", ")}`,
  });
}

function keyOf({ namespace = "", name = "" }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}

function targetKey({ namespace, pod }: Target): string {
  return keyOf({ namespace, name: pod });
}
