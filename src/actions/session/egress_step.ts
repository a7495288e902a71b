/** The allow-list of a session that has just begun: whether it binds is told where it can be found out. */
import { type EgressLook, egressLook, egressProbeWords } from "../../session/egress_probe.ts";
import type { EgressRule } from "../../session/model.ts";
import { type PodAccess, runInPod } from "../../session/run_in_pod.ts";

/** Longer than the pod's own try, for the way there. */
const lookLimitMs = 15_000;

/** A warning, unless the list is known to bind; undefined where there is no list. */
export async function egressWarning(
  pod: PodAccess,
  rules: readonly EgressRule[] | undefined,
): Promise<string | undefined> {
  if (rules === undefined) return undefined;
  const { stdout } = await runInPod(pod, { words: egressProbeWords, timeoutMs: lookLimitMs });
  return words(egressLook(stdout, rules));
}

function words(look: EgressLook): string | undefined {
  switch (look.kind) {
    case "bound":
      return undefined;
    case "ignored":
      return `the allow-list doesn't bind: ${look.reached}, answers and isn't in it; the cluster's ` +
        "network plug-in has to enforce NetworkPolicies";
    case "untold":
      return `whether the allow-list binds can't be told from here: ${look.why}`;
  }
}
