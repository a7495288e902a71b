/** Names of targets in a run: as short as possible without being ambiguous. */
import type { Target } from "../kube/select/target.ts";

/** The parts that the names of one run have; fixed once, so that later targets fit in. */
export interface NameParts {
  context: boolean;
  namespace: boolean;
  container: boolean;
}

/** Returns the parts that are needed to distinguish all targets. */
export function nameParts(targets: readonly Target[]): NameParts {
  return {
    context: new Set(targets.map((target) => target.context)).size > 1,
    namespace: new Set(targets.map((target) => target.namespace)).size > 1,
    container: new Set(targets.map(podKey)).size < targets.length,
  };
}

/** Returns `weka-drive-3`, or with every part `prod/weka/weka-drive-3/agent`. */
export function targetName(target: Target, parts: NameParts): string {
  return [
    ...(parts.context ? [target.context] : []),
    ...(parts.namespace ? [target.namespace] : []),
    target.pod,
    ...(parts.container ? [target.container] : []),
  ].join("/");
}

function podKey({ context, namespace, pod }: Target): string {
  return JSON.stringify([context, namespace, pod]);
}
