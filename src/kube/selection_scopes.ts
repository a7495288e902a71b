/** Which lists hold the pods of a selection: its namespaces and selectors, and those of the workloads that it names. */
import { KodamaError, UsageError } from "../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "./client.ts";
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  SERVICES,
  STATEFUL_SETS,
} from "./resources.ts";
import { labelSelectorText } from "./selectors.ts";
import type { Selection, SelectionOperand } from "./target.ts";
import type { KubeObject, LabelSelector } from "./types.ts";

/** Kinds whose pods can be found by their own selector. */
const workloads: readonly ApiResource[] = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  SERVICES,
  REPLICATION_CONTROLLERS,
];

/** Their selector is a map of labels, every other kind's a LabelSelector. */
const mapSelected: readonly ApiResource[] = [SERVICES, REPLICATION_CONTROLLERS];

/** One scope for each namespace of the selection, without its operands. */
export function selectionScopes(client: KubeClient, selection: Selection): ListScope[] {
  const { labelSelector, fieldSelector, node } = selection;
  const fields = joinedSelectors(fieldSelector, node && `spec.nodeName=${node}`);
  return namespacesOf(client, selection).map((namespace) => ({
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector ? { labelSelector } : {}),
    ...(fields === "" ? {} : { fieldSelector: fields }),
  }));
}

function namespacesOf(client: KubeClient, { namespaces }: Selection): (string | undefined)[] {
  switch (namespaces.kind) {
    case "default":
      return [client.defaultNamespace];
    case "all":
      return [undefined];
    case "named":
      return [...new Set(namespaces.names)];
  }
}

/**
 * The scope of a workload's pods; undefined where the workload isn't there.
 *
 * @throws UsageError for a kind whose pods can't be found, and where all namespaces are meant; KodamaError `conflict`
 *   for a workload that selects nothing.
 */
export async function workloadScope(
  client: KubeClient,
  { plural, name }: Extract<SelectionOperand, { kind: "workload" }>,
  scope: ListScope,
  signal: AbortSignal,
): Promise<ListScope | undefined> {
  const resource = workloadResource(plural);
  const { namespace } = scope;
  if (namespace === undefined) {
    throw new UsageError(`${plural}/${name} needs one namespace`, { hint: "-n instead of -A" });
  }
  const object = await getOrUndefined<KubeObject>(client, resource, name, { namespace }, signal);
  if (object === undefined) return undefined;
  return {
    ...scope,
    labelSelector: joinedSelectors(scope.labelSelector, selectorOf(object, plural)),
  };
}

/** The kind of a workload. @throws UsageError for one whose pods can't be found. */
export function workloadResource(plural: string): ApiResource {
  const resource = workloads.find((one) => one.plural === plural);
  if (resource === undefined) throw new UsageError(`pods can't be found by ${plural}`);
  return resource;
}

function selectorOf(object: KubeObject, plural: string): string {
  const spec = object["spec"] as { selector?: unknown } | undefined;
  const selector = spec?.selector ?? {};
  const text = mapSelected.some((one) => one.plural === plural)
    ? labelSelectorText({ matchLabels: selector as Record<string, string> })
    : labelSelectorText(selector as LabelSelector);
  if (text !== "") return text;
  // An empty selector means every pod to the server, and none to the person.
  throw new KodamaError(
    "conflict",
    `${plural} "${object.metadata.name}" selects no pods: it has no selector`,
  );
}

/** An object, or undefined where there is none. Every other failure is thrown. */
export async function getOrUndefined<T>(
  client: KubeClient,
  resource: ApiResource,
  name: string,
  scope: { namespace: string },
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.get<T>(resource, name, scope, { signal });
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** Selectors that must all hold. */
export function joinedSelectors(...selectors: (string | undefined)[]): string {
  return selectors.filter((one) => one).join(",");
}
