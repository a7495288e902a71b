/**
 * The lists that hold the pods of a selection: its namespaces and selectors, and those of the workloads that it names.
 */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "../client.ts";
import {
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  SERVICES,
  STATEFUL_SETS,
} from "../resources.ts";
import { labelSelectorText } from "./selectors.ts";
import type { Selection, SelectionOperand } from "./target.ts";
import type { KubeObject, LabelSelector } from "../types.ts";

/** Kinds whose pods can be found by their own selector. */
const workloads: readonly ApiResource[] = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  CRON_JOBS,
  SERVICES,
  REPLICATION_CONTROLLERS,
];

/** Their selector is a map of labels, every other kind's a LabelSelector. */
const mapSelected: readonly ApiResource[] = [SERVICES, REPLICATION_CONTROLLERS];

/**
 * Returns one scope for each namespace of the selection, or of its operands if they name them; without its operands.
 *
 * @throws UsageError for a pod in a namespace that the selection excludes, and for operands that name namespaces beside
 *   some that don't.
 */
export function selectionScopes(client: KubeClient, selection: Selection): ListScope[] {
  const { labelSelector, fieldSelector, node } = selection;
  const fields = joinedSelectors(fieldSelector, node && `spec.nodeName=${node}`);
  return namespacesOf(client, selection).map((namespace) => ({
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector ? { labelSelector } : {}),
    ...(fields === "" ? {} : { fieldSelector: fields }),
  }));
}

function namespacesOf(client: KubeClient, selection: Selection): (string | undefined)[] {
  const { namespaces } = selection;
  const own = operandNamespaces(client, selection);
  if (own !== undefined) return own;
  switch (namespaces.kind) {
    case "default":
      return [client.defaultNamespace];
    case "all":
      return [undefined];
    case "named":
      return [...new Set(namespaces.names)];
  }
}

function operandNamespaces(
  { context }: KubeClient,
  { namespaces, operands }: Selection,
): string[] | undefined {
  const here = operands.filter((one) => one.kind !== "pod" || (one.context ?? context) === context);
  const named = here.flatMap((one) =>
    one.kind === "pod" && one.namespace !== undefined ? [{ ...one, namespace: one.namespace }] : []
  );
  const [first] = named;
  if (first === undefined) return undefined;
  const bare = here.find((one) => one.kind === "workload" || one.namespace === undefined);
  if (bare !== undefined) {
    const name = bare.kind === "pod" ? bare.name : `${bare.plural}/${bare.name}`;
    throw new UsageError(
      `${first.namespace}/${first.name} names a namespace, and ${name} does not`,
      {
        hint: hint`name each pod as NAMESPACE/POD, or choose the namespace with ${
          option("namespace")
        }`,
      },
    );
  }
  const other = namespaces.kind === "named"
    ? named.find(({ namespace }) => !namespaces.names.includes(namespace))
    : undefined;
  if (other !== undefined) {
    throw new UsageError(
      `${other.namespace}/${other.name} is in none of the namespaces to look in`,
      {
        hint: hint`leave out ${option("namespace")}: NAMESPACE/POD says where the pod is`,
      },
    );
  }
  return [...new Set(named.map(({ namespace }) => namespace))];
}

/**
 * Returns the scope of a workload's pods; undefined if the workload doesn't exist.
 *
 * @throws UsageError for a kind whose pods can't be found, and if all namespaces are selected; KodamaError `conflict`
 *   for a workload that selects nothing; NoMatchError for a cron job without jobs.
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
    throw new UsageError(`${plural}/${name} needs one namespace`, {
      hint: hint`${option("namespace")} instead of ${option("allNamespaces")}`,
    });
  }
  const object = await getOrUndefined<KubeObject>(client, resource, name, { namespace }, signal);
  if (object === undefined) return undefined;
  const own = resource === CRON_JOBS
    ? await cronJobSelector(client, object, { namespace, signal })
    : selectorOf(object, plural);
  return { ...scope, labelSelector: joinedSelectors(scope.labelSelector, own) };
}

/** A cron job selects nothing itself: its pods are the pods of the jobs that it started. */
async function cronJobSelector(
  client: KubeClient,
  { metadata }: KubeObject,
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<string> {
  const jobs: string[] = [];
  for await (const { items } of client.list<KubeObject>(JOBS, { namespace }, { signal })) {
    for (const job of items) {
      const isOwn = job.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true;
      if (isOwn && job.metadata.name !== undefined) jobs.push(job.metadata.name);
    }
  }
  if (jobs.length === 0) {
    throw new NoMatchError(`cronjob "${metadata.name}" has not started a job that still exists`);
  }
  // The label that each version of Kubernetes sets on a job's pods; 1.27 added the prefixed one.
  return `job-name in (${jobs.join(",")})`;
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
  // An empty selector matches every pod on the server, and none in the user's view.
  throw new KodamaError(
    "conflict",
    `${plural} "${object.metadata.name}" selects no pods: it has no selector`,
  );
}

/** Returns an object, or undefined if it doesn't exist. Throws every other failure. */
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

/** Joins selectors that must all match. */
export function joinedSelectors(...selectors: (string | undefined)[]): string {
  return selectors.filter((one) => one).join(",");
}
