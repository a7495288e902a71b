/** What comes after a choice: actions that ask for the pods of a selection are given those that were chosen. */
import type { Target } from "../kube/target.ts";
import type { Host } from "./host.ts";

/** What a person chose: a pod, or one container of it. */
export interface PickedPod extends Pick<Target, "context" | "namespace" | "pod"> {
  /** Absent where it was the pod as a whole. */
  container?: string;
}

/** The contexts in which something was chosen, in the order of choosing. */
export function contextsOf(targets: readonly Target[]): string[] {
  return [...new Set(targets.map(({ context }) => context))];
}

/** The same host, to which every selection is the chosen targets. */
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
