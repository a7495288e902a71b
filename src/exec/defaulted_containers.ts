/** Containers that were chosen by default, for the note on them. */
import type { Target } from "../kube/select/target.ts";

/** Targets whose pods have the same containers, of which the same is the default. */
export interface DefaultedContainers {
  container: string;
  outOf: readonly string[];
  /** The number of targets. */
  count: number;
}

/** Returns the default containers of pods that have several, the most frequent first. */
export function defaultedContainers(targets: readonly Target[]): DefaultedContainers[] {
  const groups = new Map<string, DefaultedContainers>();
  for (const { container, outOf } of targets) {
    if (outOf === undefined) continue;
    const key = JSON.stringify([container, outOf]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { container, outOf, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
