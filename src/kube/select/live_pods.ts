/** The collections that hold the pods of a selection, for a {@link LiveList} of them. */
import type { KubeClient, ListScope } from "../client.ts";
import type { LiveSource } from "../live_list.ts";
import { PODS } from "../resources.ts";
import type { Pod } from "../types.ts";
import { isOperandOf, podNamesIn } from "./pod_operands.ts";
import { maxSingleReads } from "./read_pods.ts";
import { selectionScopes, workloadPods } from "./selection_scopes.ts";
import { checkFieldSelector, checkLabelSelector } from "./selectors.ts";
import type { Selection, SelectionOperand } from "./target.ts";

type Workload = Extract<SelectionOperand, { kind: "workload" }>;

/** The collections of a selection in one cluster. */
interface PodSources<U> {
  sources: LiveSource<Pod, U>[];
  /** Workloads that don't exist. */
  missing: readonly Workload[];
}

/**
 * Returns the collections of a selection in one cluster; workloads are read for their selectors.
 *
 * @param transform what is stored of a pod; undefined for one that isn't selected. Names of pods are applied before it.
 * @throws UsageError for invalid selectors; whatever {@link workloadPods} throws.
 */
export async function podSources<U>(
  client: KubeClient,
  selection: Selection,
  { signal, transform }: { signal: AbortSignal; transform: (pod: Pod) => U | undefined },
): Promise<PodSources<U>> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const source = (scope: ListScope) => ({ client, resource: PODS, scope, transform });
  const scopes = selectionScopes(client, selection);
  const { operands } = selection;
  if (operands.length === 0) return { sources: scopes.map(source), missing: [] };
  const { context } = client;
  const named = scopes.flatMap((scope) => {
    const names = podNamesIn(selection, { context, namespace: scope.namespace });
    if (names.size <= maxSingleReads) return [...names].map((name) => ({ ...source(scope), name }));
    const isNamed = ({ metadata }: Pod) => names.has(metadata?.name ?? "");
    return [{
      ...source(scope),
      transform: (pod: Pod) => isNamed(pod) ? transform(pod) : undefined,
    }];
  });
  const isIn = (one: Workload, { namespace }: ListScope) =>
    isOperandOf(one, { context, namespace });
  const workloads = operands.filter((one) => one.kind === "workload")
    .filter((one) => isIn(one, {}));
  const owned = await Promise.all(workloads.map(async (workload) => {
    const found = scopes.filter((scope) => isIn(workload, scope))
      .map((scope) => workloadPods(client, workload, scope, signal));
    return (await Promise.all(found)).filter((own) => own !== undefined);
  }));
  return {
    sources: [
      ...named,
      ...owned.flat().map(({ scope, owns }) => ({
        ...source(scope),
        transform: (pod: Pod) => owns(pod) ? transform(pod) : undefined,
      })),
    ],
    missing: workloads.filter((_, index) => owned[index]?.length === 0),
  };
}
