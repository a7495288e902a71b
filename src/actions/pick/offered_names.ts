/** Names in a cluster for shell completion. */
import { KodamaError } from "../../base/errors.ts";
import { parseTextPattern } from "../../base/plain_text.ts";
import { parsePodOperand } from "../../base/workload_kinds.ts";
import type { KubeClient } from "../../kube/client.ts";
import { NAMESPACES, PODS } from "../../kube/resources.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import { workloadResource } from "../../kube/select/selection_scopes.ts";
import type { KubeObject, Pod } from "../../kube/types.ts";

/** More offers than this are useless, and a shell asks whether to show them. */
export const mostOffers = 1000;

/** The scope of a search, and which pods count. */
export interface OfferScope {
  namespace: string;
  labelSelector?: string;
  /** Pods and workloads as typed; for workloads all pods of the namespace count. */
  operands: readonly string[];
  /** Values of `-m`. */
  match: readonly string[];
  signal: AbortSignal;
}

/** Returns the pods of a namespace, or the names behind a typed slash: a namespace's pods, a kind's workloads. */
export async function offeredPods(
  client: KubeClient,
  partial: string,
  { namespace, signal }: OfferScope,
): Promise<string[]> {
  const kind = /^[^/]+\//.exec(partial)?.[0];
  const operand = kind === undefined ? undefined : parsePodOperand(`${kind}x`);
  const scope = { namespace: operand?.kind === "pod" ? operand.namespace ?? namespace : namespace };
  const resource = operand?.kind === "workload" ? workloadResource(operand.plural) : PODS;
  const names: string[] = [];
  for await (const { items } of client.list<KubeObject>(resource, scope, { signal })) {
    names.push(...items.flatMap(({ metadata }) => metadata.name ?? []));
    if (names.length >= mostOffers) break;
  }
  return names.slice(0, mostOffers).map((name) => `${kind ?? ""}${name}`);
}

/** Returns the namespaces; the context's own if they can't be listed. */
export async function offeredNamespaces(
  client: KubeClient,
  signal: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { items } of client.list<KubeObject>(NAMESPACES, {}, { signal })) {
      names.push(...items.flatMap(({ metadata }) => metadata.name ?? []));
      if (names.length >= mostOffers) break;
    }
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "forbidden") throw error;
    return [client.defaultNamespace];
  }
  return names.slice(0, mostOffers);
}

/** Returns the containers of the pods selected by the line as typed. */
export async function offeredContainers(client: KubeClient, scope: OfferScope): Promise<string[]> {
  return await ofPods(
    client,
    scope,
    ({ spec }) =>
      [...spec?.containers ?? [], ...spec?.initContainers ?? []].map(({ name }) => name),
  );
}

/** Returns the nodes on which pods of the namespace run: few users may list nodes. */
export async function offeredNodes(client: KubeClient, scope: OfferScope): Promise<string[]> {
  return await ofPods(client, scope, ({ spec }) => spec?.nodeName ?? []);
}

/** Returns `key=value` of the pods' labels, after the requirements that are already complete. */
export async function offeredLabels(
  client: KubeClient,
  partial: string,
  { labelSelector: _typed, ...scope }: OfferScope,
): Promise<string[]> {
  const before = partial.slice(0, partial.lastIndexOf(",") + 1);
  const labels = await ofPods(
    client,
    scope,
    ({ metadata }) =>
      Object.entries(metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`),
  );
  return labels.map((label) => before + label);
}

/** Returns the values of the selected pods, each once and sorted. */
async function ofPods(
  client: KubeClient,
  { namespace, labelSelector, operands, match, signal }: OfferScope,
  partsOf: (pod: Pod) => string | readonly string[],
): Promise<string[]> {
  const patterns = match.map(parseTextPattern).filter((one) => one.kind !== "invalid");
  const named = operands.map(parsePodOperand).map((one) => one.kind === "pod" ? one.name : "");
  const isChosen = (name: string) =>
    (named.length === 0 || named.includes("") || named.includes(name)) &&
    (patterns.length === 0 || patterns.some((pattern) => matchesPattern(name, pattern)));
  const scope = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
  const parts = new Set<string>();
  for await (const { items } of client.list<Pod>(PODS, scope, { signal })) {
    for (const pod of items.filter(({ metadata }) => isChosen(metadata?.name ?? ""))) {
      for (const part of [partsOf(pod)].flat()) parts.add(part);
    }
    if (parts.size >= mostOffers) break;
  }
  return [...parts].sort().slice(0, mostOffers);
}
