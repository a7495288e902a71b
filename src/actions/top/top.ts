/** Reads usage of the metrics API (metrics.k8s.io), once or again and again. */
import { passed } from "../../base/abort.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "../../kube/client.ts";
import { LinkError } from "../../kube/failures.ts";
import { listAll } from "../../kube/http/list.ts";
import { NODE_METRICS, NODES, POD_METRICS, PODS } from "../../kube/resources.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import type { NamePattern, Selection, SkippedPod } from "../../kube/select/target.ts";
import type { KubeObject, Pod } from "../../kube/types.ts";
import { type ContextFindings, noMatch, selectIn } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";
import {
  type Measured,
  nodeUsage,
  podUsage,
  sortedUsage,
  type UsageRow,
  type UsageSort,
} from "./usage.ts";

/** Which nodes: those with one of the names, if there are any, that the rest matches. */
export interface NodeSelection {
  names: readonly string[];
  labelSelector?: string;
  match: readonly NamePattern[];
  exclude: readonly NamePattern[];
}

/** What to report. */
export interface TopOptions {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  subject:
    | { kind: "pods"; selection: Selection; byContainer: boolean }
    | { kind: "nodes"; selection: NodeSelection };
  sort: UsageSort;
  signal: AbortSignal;
}

/** The usage at one moment. */
export interface Usage {
  /** Sorted. */
  rows: UsageRow[];
  skipped: SkippedPod[];
  /** Contexts that didn't answer, of several. */
  failed: { context: string; error: KodamaError }[];
}

/** How often usage is read again. A metrics-server has new values every 15 seconds. */
export const pollMs = 5_000;

/** The result of one context. */
interface ContextUsage {
  rows: UsageRow[];
  skipped: readonly SkippedPod[];
  findings?: ContextFindings;
}

/** A metrics API lists its objects under the names of the pods and nodes. */
type MetricsObject = KubeObject & Measured;

/**
 * Returns the usage of the selection in all contexts.
 *
 * @throws NoMatchError if nothing matches; the KodamaError of the only context: `notFound` if it has no metrics API.
 */
export async function readUsage(host: Host, options: TopOptions): Promise<Usage> {
  const { subject, sort, signal } = options;
  const names = options.contexts.length === 0 ? [undefined] : [...new Set(options.contexts)];
  const failed: Usage["failed"] = [];
  const found = await Promise.all(names.map(async (name): Promise<ContextUsage[]> => {
    try {
      return [
        subject.kind === "pods"
          ? await podsOf(host, name, { ...subject, signal })
          : await nodesOf(host, name, { ...subject, signal }),
      ];
    } catch (error) {
      if (!(error instanceof KodamaError) || signal.aborted || names.length === 1) throw error;
      failed.push({ context: name ?? "", error });
      return [];
    }
  }));
  const all = found.flat();
  const rows = sortedUsage(all.flatMap((one) => one.rows), sort);
  if (rows.length === 0 && failed.length === 0) {
    if (subject.kind === "nodes") throw new NoMatchError("no node matches");
    throw noMatch(all.flatMap(({ findings }) => findings ?? []), { listed: true });
  }
  return { rows, skipped: all.flatMap(({ skipped }) => skipped), failed };
}

/** Yields the usage again and again; after the first time, an error is reported and reading continues. */
export async function* watchUsage(
  host: Host,
  options: TopOptions,
): AsyncGenerator<{ kind: "usage"; usage: Usage } | { kind: "failed"; error: KodamaError }, void> {
  const { signal } = options;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      yield { kind: "usage", usage: await readUsage(host, options) };
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst || !(error instanceof KodamaError)) throw error;
      yield { kind: "failed", error };
    }
    await passed(host.clock, pollMs, { signal }).catch(() => {});
  }
}

async function podsOf(
  host: Host,
  context: string | undefined,
  { selection, byContainer, signal }: {
    selection: Selection;
    byContainer: boolean;
    signal: AbortSignal;
  },
): Promise<ContextUsage> {
  const findings = await selectIn(host, selection, signal)(context);
  const { targets, skipped, pods = [] } = findings;
  const client = await host.kube(context);
  const namespaces = new Set(targets.map(({ namespace }) => namespace));
  // One list of all namespaces costs less than many lists, but a role may allow only some.
  const scopes: ListScope[] = selection.namespaces.kind === "all"
    ? [{}]
    : [...namespaces].map((namespace) => ({ namespace }));
  const labels = selection.labelSelector === undefined
    ? {}
    : { labelSelector: selection.labelSelector };
  const lists = await Promise.all(
    scopes.map((scope) => measured(client, POD_METRICS, { ...scope, ...labels }, signal)),
  );
  const byName = byNames(lists.flat());
  const podsByName = byNames(pods);
  const rows = targets.flatMap(({ namespace, pod, container }) => {
    const found = podsByName.get(`${namespace}/${pod}`);
    const only = selection.container === undefined ? undefined : container;
    return found === undefined ? [] : podUsage(found, byName.get(`${namespace}/${pod}`), {
      context: client.context,
      byContainer,
      only,
    });
  });
  return { rows, skipped, findings };
}

async function nodesOf(
  host: Host,
  context: string | undefined,
  { selection, signal }: { selection: NodeSelection; signal: AbortSignal },
): Promise<ContextUsage> {
  const { names, labelSelector, match, exclude } = selection;
  const client = await host.kube(context);
  const labels = labelSelector === undefined ? {} : { labelSelector };
  const [nodes, metrics, pods] = await Promise.all([
    listAll<KubeObject>(client, NODES, labels, signal),
    measured(client, NODE_METRICS, labels, signal),
    podsOfAllNodes(client, signal),
  ]);
  const known = new Set(nodes.map(({ metadata }) => metadata?.name ?? ""));
  const missing = names.find((name) => !known.has(name));
  if (missing !== undefined) {
    throw new NoMatchError(`no node ${missing} in context ${client.context}`);
  }
  const byName = byNames(metrics);
  const podsByNode = pods && Map.groupBy(pods, ({ spec }) => spec?.nodeName ?? "");
  const rows = nodes.filter(({ metadata }) => {
    const name = metadata?.name ?? "";
    return (names.length === 0 || names.includes(name)) &&
      (match.length === 0 || match.some((pattern) => matchesPattern(name, pattern))) &&
      !exclude.some((pattern) => matchesPattern(name, pattern));
  }).map((node) => {
    const name = node.metadata?.name ?? "";
    const ofNode = podsByNode && (podsByNode.get(name) ?? []);
    return nodeUsage(node, byName.get(`/${name}`), { context: client.context, pods: ofNode });
  });
  return { rows, skipped: [] };
}

/** Returns the pods of the whole cluster, for their requests; undefined if the user may not list them. */
async function podsOfAllNodes(
  client: KubeClient,
  signal: AbortSignal,
): Promise<Pod[] | undefined> {
  try {
    return await listAll<Pod>(client, PODS, {}, signal);
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "forbidden") return undefined;
    throw error;
  }
}

/** Lists objects of the metrics API. */
async function measured(
  client: KubeClient,
  resource: ApiResource,
  scope: ListScope,
  signal: AbortSignal,
): Promise<MetricsObject[]> {
  try {
    return await listAll<MetricsObject>(client, resource, scope, signal);
  } catch (error) {
    throw error instanceof KodamaError ? unavailable(error, client) : error;
  }
}

/** Returns the error of a cluster without the API, or whose extension doesn't answer; any other as it is. */
function unavailable(error: KodamaError, { context }: KubeClient): KodamaError {
  if (error.kind === "notFound") {
    return new KodamaError(
      "notFound",
      `the cluster of context ${context} has no metrics API (metrics.k8s.io)`,
      { hint: installHint, cause: error },
    );
  }
  // The API server answered for the extension.
  if (error.kind !== "unreachable" || error instanceof LinkError) return error;
  return new KodamaError(
    "unreachable",
    `the metrics API of context ${context} doesn't answer: ${error.message}`,
    { hint: "`kubectl get apiservice v1beta1.metrics.k8s.io -o yaml` says why", cause: error },
  );
}

const installHint =
  "metrics-server provides it: `kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml`";

function byNames<T extends { metadata?: { namespace?: string; name?: string } }>(
  objects: readonly T[],
): Map<string, T> {
  return new Map(
    objects.map((one) => [`${one.metadata?.namespace ?? ""}/${one.metadata?.name ?? ""}`, one]),
  );
}
