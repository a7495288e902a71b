/** What runs on the nodes that a command line cordons or drains, and what a drain does to it. */
import type { KubectlLine } from "../../gate/kubectl.ts";
import { flagValue } from "../../gate/kubectl_rating.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { listAll } from "../../kube/http/list.ts";
import { PODS } from "../../kube/resources.ts";
import type { KubeObject, LabelSelector, Node, Pod } from "../../kube/types.ts";

const NODES: ApiResource = {
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
};
const BUDGETS: ApiResource = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};

/** One node, and its pods as `namespace/name`. */
export interface NodePreview {
  name: string;
  /** Pods that a drain evicts. */
  evicted: readonly string[];
  /** Pods of DaemonSets: a drain needs `--ignore-daemonsets`, and leaves them. */
  daemons: readonly string[];
  /** Pods without a controller, which nothing replaces: a drain needs `--force`. */
  unmanaged: readonly string[];
  /** Pods that lose an emptyDir: a drain needs `--delete-emptydir-data`. */
  localData: readonly string[];
  /** PodDisruptionBudgets that allow no eviction now, as `namespace/name`. */
  blockedBy: readonly string[];
}

interface Budget extends KubeObject {
  spec?: { selector?: LabelSelector };
  status?: { disruptionsAllowed?: number };
}

/** Returns the nodes of a command line, by name or by its selector. */
export async function previewNodes(
  client: KubeClient,
  line: KubectlLine,
  signal: AbortSignal,
): Promise<NodePreview[]> {
  const selector = flagValue(line, "--selector", "-l");
  const names = selector === undefined
    ? line.operands
    : (await listAll<Node>(client, NODES, { labelSelector: selector }, signal))
      .map(({ metadata }) => metadata?.name ?? "");
  const budgets = await listAll<Budget>(client, BUDGETS, {}, signal);
  return await Promise.all(names.map(async (name) => {
    const pods = await listAll<Pod>(
      client,
      PODS,
      { fieldSelector: `spec.nodeName=${name}` },
      signal,
    );
    return previewOf(name, pods, budgets);
  }));
}

/** Returns what a drain does to the pods of a node. Pure. */
export function previewOf(
  name: string,
  pods: readonly Pod[],
  budgets: readonly Budget[],
): NodePreview {
  const running = pods.filter(({ metadata, status }) =>
    metadata?.annotations?.["kubernetes.io/config.mirror"] === undefined &&
    status?.phase !== "Succeeded" && status?.phase !== "Failed"
  );
  const isDaemon = (pod: Pod) => ownerOf(pod)?.kind === "DaemonSet";
  const evicted = running.filter((pod) => !isDaemon(pod));
  const blocking = budgets.filter((budget) =>
    (budget.status?.disruptionsAllowed ?? 0) === 0 &&
    evicted.some((pod) => covers(budget, pod))
  );
  return {
    name,
    evicted: evicted.map(nameOf),
    daemons: running.filter(isDaemon).map(nameOf),
    unmanaged: evicted.filter((pod) => ownerOf(pod) === undefined).map(nameOf),
    localData: evicted.filter(({ spec }) =>
      spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined) === true
    ).map(nameOf),
    blockedBy: blocking.map(nameOf),
  };
}

function ownerOf({ metadata }: Pod) {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

function nameOf({ metadata }: Pick<KubeObject, "metadata"> | Pod): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
function covers({ metadata, spec }: Budget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata?.namespace || spec?.selector === undefined) return false;
  const labels = pod.metadata?.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = spec.selector;
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        default:
          return value === undefined;
      }
    });
}
