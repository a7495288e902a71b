/** The allow-list of a session that has just started: a warning unless it is known to be enforced. */
import { type EgressProbe, egressProbe, egressProbeCommand } from "../../session/egress_probe.ts";
import type { EgressRule } from "../../session/model.ts";
import { type PodAccess, runInPod } from "../../session/run_in_pod.ts";

/** Longer than the pod's own attempts, to include the round trip. */
const probeTimeoutMs = 25_000;

/** Returns a warning, unless the list is known to be enforced; undefined if there is no list. */
export async function egressWarning(
  pod: PodAccess,
  rules: readonly EgressRule[] | undefined,
): Promise<string | undefined> {
  if (rules === undefined) return undefined;
  const words = egressProbeCommand(rules);
  const { stdout } = await runInPod(pod, { words, timeoutMs: probeTimeoutMs });
  return warningOf(egressProbe(stdout, rules));
}

function warningOf(probe: EgressProbe): string | undefined {
  switch (probe.kind) {
    case "enforced":
      return undefined;
    case "ignored":
      return `the allow-list isn't enforced: ${probe.reached}, answers and isn't in it; the cluster's ` +
        "network plug-in has to enforce NetworkPolicies";
    case "unverified":
      return `the allow-list isn't verified: ${probe.why}`;
  }
}
