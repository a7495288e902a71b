/**
 * Enforces NetworkPolicies on the rig, whose network doesn't: the egress rules of a pod's policies as the API server
 * has them, put into the pod's own network by the kernel's filter. It reads the policy by itself, and doesn't know its
 * author. It supports only blocks of addresses and numbered ports, which is all that occurs.
 */
import { runtimeSocket } from "./container_runtime.ts";
import { inside } from "./holder.ts";
import { run } from "./host_commands.ts";
import { findLayout } from "./layout.ts";
import { readState } from "./state.ts";
import type { TestNamespace } from "./test_namespace.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ */
interface Policy {
  spec: {
    podSelector: { matchLabels?: Record<string, string> };
    policyTypes: string[];
    egress?: EgressRule[];
  };
}

interface EgressRule {
  to?: { ipBlock: { cidr: string; except?: string[] } }[];
  ports?: { protocol: string; port: number }[];
}

/** Enforces the policies that select a pod, until it ends. @returns The number of policies. */
export async function enforce(namespace: TestNamespace, pod: string): Promise<number> {
  const get = async (...words: string[]) =>
    JSON.parse(await namespace.kubectl("get", ...words, "-o", "json"));
  const { metadata, status } = await get("pod", pod);
  const { items }: { items: Policy[] } = await get("networkpolicies");
  const binding = items.filter(({ spec }) =>
    spec.policyTypes.includes("Egress") &&
    Object.entries(spec.podSelector.matchLabels ?? {}).every(([key, value]) =>
      metadata.labels?.[key] === value
    )
  );
  if (binding.length === 0) return 0;
  const id: string = status.containerStatuses[0].containerID.replace("containerd://", "");
  const rules = binding.flatMap(({ spec }) => (spec.egress ?? []).flatMap(filterRules));
  await filter(id, rules);
  return binding.length;
}

/** A rule of the filter, and its address family; both if it names none. */
interface FilterRule {
  family: 4 | 6 | undefined;
  words: string[];
}

function filterRules({ to, ports }: EgressRule): FilterRule[] {
  const places = to === undefined
    ? [{ family: undefined, words: [] }]
    : to.map(({ ipBlock: { cidr, except } }) => {
      if (except !== undefined) throw new Error("exceptions of a block are not known here");
      return { family: cidr.includes(":") ? 6 as const : 4 as const, words: ["-d", cidr] };
    });
  const doors = ports === undefined
    ? [[]]
    : ports.map(({ protocol, port }) => ["-p", protocol.toLowerCase(), "--dport", `${port}`]);
  return places.flatMap(({ family, words }) =>
    doors.map((door) => ({ family, words: [...words, ...door] }))
  );
}

/** Refuses all that isn't allowed; answers on an accepted connection weren't started by the pod. */
async function filter(container: string, rules: readonly FilterRule[]): Promise<void> {
  const state = await readState(await findLayout());
  if (state === undefined) throw new Error("the rig isn't up");
  const there = (words: string[]) => run(inside(state.holder, words));
  const tasks = await there(["ctr", "-a", runtimeSocket, "-n", "k8s.io", "tasks", "ls"]);
  const [, process] = tasks.split("\n").find((line) => line.startsWith(container))
    ?.split(/\s+/) ?? [];
  if (process === undefined) throw new Error(`container ${container} doesn't run`);
  for (const [program, family] of [["iptables", 4], ["ip6tables", 6]] as const) {
    const add = (...words: string[]) =>
      there(["nsenter", "--target", process, "--net", program, "-A", "OUTPUT", ...words]);
    await add("-o", "lo", "-j", "ACCEPT");
    await add("-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT");
    for (const rule of rules) {
      if (rule.family === undefined || rule.family === family) {
        await add(...rule.words, "-j", "ACCEPT");
      }
    }
    await add("-j", "REJECT");
  }
}
