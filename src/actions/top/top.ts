/** Reads usage of the metrics API (metrics.k8s.io), once or again and again. */
import { passed } from "../../base/abort.ts";
import { KodamaError, NoMatchError, unlessError } from "../../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "../../kube/client.ts";
import { LinkError } from "../../kube/failures.ts";
import { listAll } from "../../kube/http/list.ts";
import { NODE_METRICS, NODES, POD_METRICS, PODS } from "../../kube/resources.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import type { NamePattern, Selection, SkippedPod } from "../../kube/select/target.ts";
import type { KubeObject, Pod } from "../../kube/types.ts";
import { definedOnly } from "../../base/json_value.ts";
import {
  type AskLimits,
  type ContextAnswer,
  ContextAnswers,
  limitedTo,
  namesOf,
  stragglerMs,
} from "../exec/ask_contexts.ts";
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

/** Which nodes: those with a listed name, if names are listed, that the rest matches. */
export interface NodeSelection {
  names: readonly string[];
  labelSelector?: string;
  match: readonly NamePattern[];
  exclude: readonly NamePattern[];
}

/** The usage to report. */
export interface TopOptions {
  /** Names of kubeconfig contexts; the current context if empty. */
  contexts: readonly string[];
  subject:
    | { kind: "pods"; selection: Selection; byContainer: boolean }
    | { kind: "nodes"; selection: NodeSelection };
  sort: UsageSort;
  signal: AbortSignal;
}

/** The usage at a moment. */
export interface Usage {
  /** Sorted. */
  rows: UsageRow[];
  skipped: SkippedPod[];
  /** Contexts that didn't answer, of several. */
  failed: { context: string; error: KodamaError }[];
}

/** How often usage is read again. A metrics-server has new values every 15 seconds. */
export const pollMs = 5_000;

/** The result of a context. */
interface ContextUsage {
  rows: UsageRow[];
  skipped: readonly SkippedPod[];
  findings?: ContextFindings;
}

/** A metrics API lists its objects under the names of the pods and nodes. */
type MetricsObject = KubeObject & Measured;

/**
 * Yields the usage of the selection: first of the contexts that answer, and then of each that needs longer.
 *
 * @throws NoMatchError if nothing matches; the KodamaError of the only context: `notFound` if it has no metrics API.
 */
export async function* readUsage(
  host: Host,
  options: TopOptions & Pick<AskLimits, "onWait">,
): AsyncGenerator<Usage, void> {
  const { contexts, subject, signal, onWait } = options;
  const answers = new ContextAnswers(host, contexts, askUsage(host, subject), {
    signal,
    ...definedOnly({ onWait }),
  });
  const all: ContextUsage[] = [];
  const failed: Usage["failed"] = [];
  /** The parts that weren't yielded: nothing is, unless there are rows or a context has failed. */
  let next: Pick<Usage, "failed"> & { values: ContextUsage[] } = { values: [], failed: [] };
  const take = (answer: ContextAnswer<ContextUsage>) => {
    if (answer.kind === "answered") {
      all.push(answer.value);
      next.values.push(answer.value);
    } else {
      const { context, error } = answer;
      if (answers.isSingle) throw error;
      failed.push({ context, error });
      next.failed.push({ context, error });
    }
  };
  const taken = function* () {
    const usage = joinedUsage(next.values, next.failed, options.sort);
    if (usage.rows.length === 0 && failed.length === 0) return;
    next = { values: [], failed: [] };
    yield usage;
  };
  for (const answer of await answers.first(({ rows }) => rows.length > 0)) take(answer);
  yield* taken();
  for await (const answer of answers.rest()) {
    take(answer);
    yield* taken();
  }
  if (failed.length === 0) requireRows(all, subject);
  const { skipped } = joinedUsage(next.values, [], options.sort);
  if (skipped.length > 0) yield { rows: [], skipped, failed: [] };
}

function requireRows(all: readonly ContextUsage[], subject: TopOptions["subject"]): void {
  if (all.some(({ rows }) => rows.length > 0)) return;
  if (subject.kind === "nodes") throw new NoMatchError("no node matches");
  throw noMatch(all.flatMap(({ findings }) => findings ?? []), { listed: true });
}

function joinedUsage(
  all: readonly ContextUsage[],
  failed: Usage["failed"],
  sort: UsageSort,
): Usage {
  return {
    rows: sortedUsage(all.flatMap((one) => one.rows), sort),
    skipped: all.flatMap(({ skipped }) => skipped),
    failed,
  };
}

function askUsage(host: Host, subject: TopOptions["subject"]) {
  return (name: string | undefined, signal: AbortSignal): Promise<ContextUsage> =>
    subject.kind === "pods"
      ? podsOf(host, name, { ...subject, signal })
      : nodesOf(host, name, { ...subject, signal });
}

/** Yields the usage again and again; after the first time, an error is reported and reading continues. */
export async function* watchUsage(
  host: Host,
  options: TopOptions,
): AsyncGenerator<{ kind: "usage"; usage: Usage } | { kind: "failed"; error: KodamaError }, void> {
  const { signal } = options;
  const latest = new LatestUsage(host, options);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      yield { kind: "usage", usage: await latest.read() };
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst || !(error instanceof KodamaError)) throw error;
      yield { kind: "failed", error };
    }
    await passed(host.clock, pollMs, { signal }).catch(() => {});
  }
}

/** The latest usage of each context. A slow context is asked once, and the others again and again meanwhile. */
class LatestUsage {
  readonly #names: readonly (string | undefined)[];
  readonly #ask: (context: string | undefined) => Promise<ContextUsage>;
  readonly #asked = new Map<string | undefined, Promise<void>>();
  readonly #latest = new Map<string | undefined, ContextUsage | { error: unknown }>();

  constructor(private readonly host: Host, private readonly options: TopOptions) {
    const { contexts, subject, signal } = options;
    this.#names = namesOf(contexts);
    const isSingle = this.#names.length === 1;
    this.#ask = limitedTo(host, askUsage(host, subject), { signal, isSingle });
  }

  /** Waits for all contexts, but {@link stragglerMs} at most after the first that has rows. */
  async read(): Promise<Usage> {
    const hasRows = Promise.withResolvers<void>();
    for (const name of this.#names) {
      if (this.#asked.has(name)) continue;
      const asking = this.#ask(name).then((usage) => {
        this.#latest.set(name, usage);
        if (usage.rows.length > 0) hasRows.resolve();
      }, (error: unknown) => void this.#latest.set(name, { error }))
        .finally(() => this.#asked.delete(name));
      this.#asked.set(name, asking);
    }
    const all = Promise.all(this.#asked.values());
    await Promise.race([all, hasRows.promise]);
    const late = Promise.withResolvers<void>();
    using _timer = this.host.clock.timer(stragglerMs, late.resolve);
    await Promise.race([all, late.promise]);
    return this.#usage();
  }

  #usage(): Usage {
    const values: ContextUsage[] = [];
    const failed: Usage["failed"] = [];
    for (const [name, one] of this.#latest) {
      if (!("error" in one)) values.push(one);
      else if (one.error instanceof KodamaError && this.#names.length > 1) {
        failed.push({ context: name ?? "", error: one.error });
      } else throw one.error;
    }
    if (failed.length === 0 && this.#asked.size === 0) requireRows(values, this.options.subject);
    return joinedUsage(values, failed, this.options.sort);
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
  const findings = await selectIn(host, selection)(context, signal);
  const { targets, skipped, pods = [] } = findings;
  const client = await host.kube(context);
  const namespaces = new Set(targets.map(({ namespace }) => namespace));
  // A list of all namespaces costs less than many lists, but a role may allow only some.
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
    // For their requests.
    unlessError(["forbidden"], listAll<Pod>(client, PODS, {}, signal)),
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
