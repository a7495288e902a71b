/** The pods on the nodes that a command line cordons or drains, and a drain's effect on them. */
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { KubectlLine } from "../../gate/kubectl.ts";
import { flagValue, isOn } from "../../gate/kubectl_rating.ts";
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

/** A node, and its pods as `namespace/name`. */
export interface NodePreview {
  name: string;
  /** Pods that a drain evicts. */
  evicted: readonly string[];
  /** Flags without which kubectl evicts none of them. */
  missing: readonly string[];
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

/** Returns the nodes of a command line, by name or by its selector, and their unreadable parts. */
export async function previewNodes(
  client: KubeClient,
  line: KubectlLine,
  signal: AbortSignal,
): Promise<{ nodes: NodePreview[]; failure?: string }> {
  const failures = new Set<string>();
  /** A question is asked without unreadable parts, as a command runs without them. */
  const readable = async <T>(reading: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      failures.add(error.message);
      return otherwise;
    }
  };
  const names = await readable(nodeNames(client, line, readable, signal), []);
  const isDrain = line.verb[0] === "drain";
  const budgets = isDrain ? await readable(listAll<Budget>(client, BUDGETS, {}, signal), []) : [];
  const labelSelector = flagValue(line, "--pod-selector");
  const nodes = await Promise.all(names.map(async (name) => {
    const scope = { fieldSelector: `spec.nodeName=${name}`, ...definedOnly({ labelSelector }) };
    const pods = await readable(listAll<Pod>(client, PODS, scope, signal), []);
    return previewOf(name, pods, { budgets, line });
  }));
  return { nodes, ...(failures.size === 0 ? {} : { failure: [...failures].join("\n") }) };
}

async function nodeNames(
  client: KubeClient,
  line: KubectlLine,
  readable: <T>(reading: Promise<T>, otherwise: T) => Promise<T>,
  signal: AbortSignal,
): Promise<string[]> {
  const labelSelector = flagValue(line, "--selector", "-l");
  const nodes = labelSelector === undefined
    ? await Promise.all(line.operands.map((operand) => {
      const name = operand.replace(/^[^/]*\//, "");
      return readable<Node | undefined>(client.get<Node>(NODES, name, {}, { signal }), undefined);
    }))
    : await listAll<Node>(client, NODES, { labelSelector }, signal);
  // kubectl changes none of several nodes if it can't find one of them.
  return nodes.includes(undefined) ? [] : nodes.flatMap((node) => node?.metadata?.name ?? []);
}

/** Returns a drain's effects on the pods of a node. Pure. */
export function previewOf(
  name: string,
  pods: readonly Pod[],
  { budgets, line }: { budgets: readonly Budget[]; line: KubectlLine },
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
  const daemons = running.filter(isDaemon);
  const unmanaged = evicted.filter((pod) => ownerOf(pod) === undefined);
  const localData = evicted.filter(({ spec }) =>
    spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined) === true
  );
  const needs = [
    ...(daemons.length > 0 ? ["--ignore-daemonsets"] : []),
    ...(unmanaged.length > 0 ? ["--force"] : []),
    ...(localData.length > 0 ? ["--delete-emptydir-data"] : []),
  ];
  return {
    name,
    evicted: evicted.map(podName),
    daemons: daemons.map(podName),
    unmanaged: unmanaged.map(podName),
    localData: localData.map(podName),
    blockedBy: blocking.map(podName),
    missing: needs.filter((flag) => !isOn(line, flag)),
  };
}

function ownerOf({ metadata }: Pod) {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

function podName({ metadata }: Pick<KubeObject, "metadata"> | Pod): string {
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
