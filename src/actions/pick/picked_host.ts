/** After a pick: actions that resolve a selection are given the picked pods. */
import type { Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";

/** What a user picked: a pod, or one container of it. */
export interface PickedPod extends Pick<Target, "context" | "namespace" | "pod"> {
  /** Absent if the whole pod was picked. */
  container?: string;
}

/** Returns the contexts of the picked targets, in the order of picking. */
export function contextsOf(targets: readonly Target[]): string[] {
  return [...new Set(targets.map(({ context }) => context))];
}

/** Returns the same host, on which every selection resolves to the picked targets. */
export function pickedHost(host: Host, targets: readonly Target[]): Host {
  return {
    ...host,
    select: ({ context }) =>
      Promise.resolve({
        targets: targets.filter((target) => target.context === context),
        skipped: [],
        nearest: [],
        asked: { words: "the chosen pods", scope: "", everywhere: false },
      }),
  };
}
