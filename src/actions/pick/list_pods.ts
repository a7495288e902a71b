/** Lists the pods that a selection matches, and the named pods that can't be targets. */
import type { KodamaError } from "../../base/errors.ts";
import type { Selection, SkippedPod, Target } from "../../kube/select/target.ts";
import { type ContextFindings, Discovery, noMatch, selectIn } from "../exec/discover_targets.ts";
import type { Pod } from "../../kube/types.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { ContextWait } from "../exec/find_retrying.ts";
import type { Host } from "../host.ts";
import { type PodState, podState } from "./pod_state.ts";

export type { PodState } from "./pod_state.ts";

/** Which pods to list. */
export interface ListPodsOptions {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  selection: Selection;
  signal: AbortSignal;
  /** Called for a context that takes longer than a second. */
  onWait?: (wait: ContextWait) => void;
}

/** The result of one context, in the order in which contexts answer. */
export type PodsEvent =
  | {
    kind: "pods";
    context: string;
    targets: readonly Target[];
    /** The state of each target's pod, in the same order; undefined if it isn't known. */
    states: readonly (PodState | undefined)[];
    skipped: readonly SkippedPod[];
  }
  /** The other contexts continue. */
  | { kind: "contextFailed"; context: string; error: KodamaError };

/**
 * Yields each context's pods as soon as it answers.
 *
 * @throws NoMatchError at the end if no context had a target and none failed; the KodamaError of the only context.
 */
export async function* listPods(
  host: Host,
  options: ListPodsOptions,
): AsyncGenerator<PodsEvent, void> {
  const { contexts, selection, signal, onWait } = options;
  const single = new Set(contexts).size <= 1;
  const all: ContextFindings[] = [];
  const find = selectIn(host, selection);
  const limits = { signal, ...definedOnly({ onWait }) };
  for await (const findings of new Discovery(host, contexts, find, limits).rest()) {
    all.push(findings);
    if (findings.kind === "failed") {
      if (single) throw findings.error;
      yield { kind: "contextFailed", context: findings.context, error: findings.error };
    } else {
      const { context, targets, skipped, pods = [] } = findings;
      yield { kind: "pods", context, targets, states: statesOf(targets, pods), skipped };
    }
  }
  const matched = all.some((findings) => findings.kind === "failed" || findings.targets.length > 0);
  if (!matched) throw noMatch(all, { listed: true });
}

function statesOf(
  targets: readonly Target[],
  pods: readonly Pod[],
): (PodState | undefined)[] {
  const byName = new Map(
    pods.map((pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]),
  );
  return targets.map(({ namespace, pod }) => {
    const found = byName.get(`${namespace}/${pod}`);
    return found && podState(found);
  });
}
