/** CPU and memory of pods, containers and nodes, beside their requests and limits. Pure. */
import { parseQuantity } from "../../base/quantity.ts";
import type { Container, Pod } from "../../kube/types.ts";

/** A resource: cores, or bytes. Each is undefined if it isn't known or not set. */
export interface ResourceUse {
  used: number | undefined;
  requested: number | undefined;
  /** The limit; of a node, the part that pods may use. */
  limit: number | undefined;
}

/** A pod, container or node. */
export interface UsageRow {
  context: string;
  /** Empty for a node. */
  namespace: string;
  /** The name of the pod or the node. */
  name: string;
  /** Absent for the sum of a pod's containers. */
  container?: string;
  /** The pod's node. */
  node: string;
  cpu: ResourceUse;
  memory: ResourceUse;
  /** The end of the interval in which it was measured, RFC 3339; undefined: it wasn't measured yet. */
  measuredAt: string | undefined;
}

/** Orders of rows: the largest consumer first, or by name. */
export type UsageSort = "cpu" | "memory" | "name";

/** Usage as the metrics API reports it: a value of the node, or of each container. */
export interface Measured {
  timestamp?: string;
  usage?: Readonly<Record<string, string>>;
  containers?: readonly { name: string; usage?: Readonly<Record<string, string>> }[];
}

/** Returns the containers that run as long as the pod: its own, and the sidecars among its init containers. */
function lastingContainers({ spec }: Pod): Container[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) =>
    restartPolicy === "Always"
  );
  return [...(spec?.containers ?? []), ...sidecars];
}

/**
 * Returns a pod's row, or a row of each container; `only` is the name of the only container to report. Containers
 * without a request count as 0; a pod with a container without a limit has no limit.
 */
export function podUsage(
  pod: Pod,
  measured: Measured | undefined,
  { context, byContainer, only }: {
    context: string;
    byContainer: boolean;
    only: string | undefined;
  },
): UsageRow[] {
  const containers = lastingContainers(pod)
    .filter(({ name }) => only === undefined || name === only);
  const used = new Map(measured?.containers?.map(({ name, usage }) => [name, usage]));
  const common = {
    context,
    namespace: pod.metadata?.namespace ?? "",
    name: pod.metadata?.name ?? "",
    node: pod.spec?.nodeName ?? "",
    measuredAt: measured?.timestamp,
  };
  const uses = (resource: string) =>
    containers.map(({ name, resources }): ResourceUse => ({
      used: quantity(used.get(name)?.[resource]),
      requested: quantity(resources?.requests?.[resource]),
      limit: quantity(resources?.limits?.[resource]),
    }));
  const [cpu, memory] = [uses("cpu"), uses("memory")];
  if (!byContainer) {
    const container = only === undefined ? {} : { container: only };
    return [{ ...common, ...container, cpu: total(cpu), memory: total(memory) }];
  }
  const none: ResourceUse = { used: undefined, requested: undefined, limit: undefined };
  return containers.map(({ name }, index) => ({
    ...common,
    container: name,
    cpu: cpu[index] ?? none,
    memory: memory[index] ?? none,
  }));
}

/** Returns the row of a node; `pods` are those of it, undefined if they may not be read. */
export function nodeUsage(
  node: { metadata?: { name?: string }; status?: { allocatable?: Record<string, string> } },
  measured: Measured | undefined,
  { context, pods }: { context: string; pods: readonly Pod[] | undefined },
): UsageRow {
  const name = node.metadata?.name ?? "";
  const use = (resource: string): ResourceUse => ({
    used: quantity(measured?.usage?.[resource]),
    requested: pods?.filter(({ status }) => !["Succeeded", "Failed"].includes(status?.phase ?? ""))
      .flatMap(lastingContainers)
      .reduce((sum, { resources }) => sum + (quantity(resources?.requests?.[resource]) ?? 0), 0),
    limit: quantity(node.status?.allocatable?.[resource]),
  });
  return {
    context,
    namespace: "",
    name,
    node: name,
    cpu: use("cpu"),
    memory: use("memory"),
    measuredAt: measured?.timestamp,
  };
}

/** Returns the rows in order; those that weren't measured come last. */
export function sortedUsage(rows: readonly UsageRow[], sort: UsageSort): UsageRow[] {
  const order = (row: UsageRow) =>
    [row.context, row.namespace, row.name, row.container ?? ""].join("\0");
  const byName = (a: UsageRow, b: UsageRow) =>
    order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0;
  if (sort === "name") return rows.toSorted(byName);
  return rows.toSorted((a, b) => (b[sort].used ?? -1) - (a[sort].used ?? -1) || byName(a, b));
}

function total(uses: readonly ResourceUse[]): ResourceUse {
  const sum = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((one, other) => one + other, 0);
  };
  const limits = uses.map(({ limit }) => limit);
  return {
    used: sum(uses.map(({ used }) => used)),
    requested: sum(uses.map(({ requested }) => requested)),
    limit: limits.includes(undefined) ? undefined : sum(limits),
  };
}

function quantity(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseQuantity(text);
}
