/** Ends pods on nodes with a NoExecute taint that they don't tolerate. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
import type { Node, Pod, Taint } from "kubernetes-types/core/v1.d.ts";
import { timestamp } from "../model.ts";
import { type ControllerAction, deleteAction, note, updateAction } from "./action.ts";
import type { Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import { tolerates } from "./node_fit.ts";
import { isFinished } from "./pods.ts";

/** Evicts at once, or when the shortest of a pod's `tolerationSeconds` is over. */
export const taintEvictionController: Controller = {
  name: "taint-eviction-controller",
  watches: ["nodes", "pods"],
  reconcile(state) {
    return state.list("nodes").flatMap((node) => {
      const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
      if (taints.length === 0) return [];
      const dated = withTimeAdded(node, state.now);
      if (dated !== undefined) return [updateAction("nodes", dated)];
      return state.list("pods")
        .filter((pod) =>
          pod.spec?.nodeName === node.metadata.name && !isFinished(pod) &&
          pod.metadata.deletionTimestamp === undefined
        )
        .flatMap((pod) => evict(pod, evictionTime(pod, taints), state.now));
    });
  },
};

/** Returns the node with the time at which each NoExecute taint was first seen; undefined if all have one. */
function withTimeAdded(node: Live<Node>, now: Date): Live<Node> | undefined {
  const undated = ({ effect, timeAdded }: Taint) =>
    effect === "NoExecute" && timeAdded === undefined;
  const taints = node.spec?.taints ?? [];
  if (!taints.some(undated)) return undefined;
  const timeAdded = timestamp(now);
  return {
    ...node,
    spec: {
      ...node.spec,
      taints: taints.map((taint) => undated(taint) ? { ...taint, timeAdded } : taint),
    },
  };
}

/** Returns milliseconds since 1970; infinite for a pod that tolerates the taints for good. */
function evictionTime(pod: Pod, taints: readonly Taint[]): number {
  const tolerations = pod.spec?.tolerations ?? [];
  const times = taints.map((taint) => {
    const matching = tolerations.filter((each) => tolerates(each, taint));
    if (matching.length === 0) return 0;
    const seconds = Math.min(
      ...matching.map(({ tolerationSeconds = Infinity }) => tolerationSeconds),
    );
    return seconds <= 0 ? 0 : Date.parse(taint.timeAdded ?? "") + seconds * 1000;
  });
  return Math.min(...times);
}

function evict(pod: Live<Pod>, time: number, now: Date): ControllerAction[] {
  if (time === Infinity) return [];
  if (time > now.getTime()) return [{ kind: "requeue", at: new Date(time) }];
  const { namespace = "", name } = pod.metadata;
  const message = `Marking for deletion Pod ${namespace}/${name}`;
  return [note("Normal", pod, "TaintManagerEviction", message), deleteAction("pods", pod)];
}
