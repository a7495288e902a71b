/**
 * The lists that hold the pods of a selection: its namespaces and selectors, and those of the workloads that it names.
 */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import { operandKind } from "../../base/workload_kinds.ts";
import type { ApiResource, KubeClient, ListScope } from "../client.ts";
import {
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  isSameKind,
  JOBS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  SERVICES,
  STATEFUL_SETS,
} from "../resources.ts";
import { isOperandOf } from "./pod_operands.ts";
import { labelSelectorText } from "./selectors.ts";
import type { Selection, SelectionOperand } from "./target.ts";
import type { KubeObject, LabelSelector, Pod } from "../types.ts";

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
  const here = operands.filter((one) => isOperandOf(one, { context, namespace: undefined }));
  const named = here.flatMap((one) =>
    one.namespace === undefined ? [] : [{ ...one, namespace: one.namespace }]
  );
  const [first] = named;
  if (first === undefined) return undefined;
  const bare = here.find((one) => one.namespace === undefined);
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

/** The pods of a workload: those in the scope that it owns. */
export interface WorkloadPods {
  scope: ListScope;
  /** Returns whether the workload owns a pod, itself or through a ReplicaSet or a Job. */
  owns: (pod: Pod) => boolean;
}

/**
 * Returns where a workload's pods are; undefined if the workload doesn't exist. Its selector alone isn't enough: other
 * workloads may have the same labels.
 *
 * @throws UsageError for a kind whose pods can't be found, and if all namespaces are selected; KodamaError `conflict`
 *   for a workload that selects nothing; NoMatchError for a cron job without jobs.
 */
export async function workloadPods(
  client: KubeClient,
  { plural, name }: Extract<SelectionOperand, { kind: "workload" }>,
  scope: ListScope,
  signal: AbortSignal,
): Promise<WorkloadPods | undefined> {
  const resource = workloadResource(plural);
  const { namespace } = scope;
  if (namespace === undefined) {
    throw new UsageError(`${plural}/${name} needs one namespace`, {
      hint: hint`${option("namespace")} instead of ${option("allNamespaces")}`,
    });
  }
  const object = await getOrUndefined<KubeObject>(client, resource, name, { namespace }, signal);
  if (object === undefined) return undefined;
  const limits = { namespace, signal };
  const within = (own: string) => ({
    ...scope,
    labelSelector: joinedSelectors(scope.labelSelector, own),
  });
  if (resource === CRON_JOBS) {
    // A cron job selects nothing itself: its pods are those of the jobs that it started.
    const jobs = await jobsOf(client, object, limits);
    // The label that each version of Kubernetes sets on a job's pods; 1.27 added the prefixed one.
    const own = `job-name in (${jobs.map((job) => job.metadata.name).join(",")})`;
    const uids = jobs.map((job) => job.metadata.uid);
    return { scope: within(own), owns: (pod) => uids.includes(ownerOf(pod)?.uid) };
  }
  const own = within(requiredSelector(object, resource));
  if (resource === SERVICES) return { scope: own, owns: () => true };
  if (resource === DEPLOYMENTS) return { scope: own, owns: (pod) => isOfDeployment(pod, name) };
  const { uid } = object.metadata;
  return { scope: own, owns: (pod) => ownerOf(pod)?.uid === uid };
}

interface ReadLimits {
  namespace: string;
  signal: AbortSignal;
}

async function jobsOf(
  client: KubeClient,
  { metadata }: KubeObject,
  { namespace, signal }: ReadLimits,
): Promise<KubeObject[]> {
  const jobs: KubeObject[] = [];
  for await (const { items } of client.list<KubeObject>(JOBS, { namespace }, { signal })) {
    jobs.push(...items.filter((job) => ownerOf(job)?.uid === metadata.uid));
  }
  if (jobs.length === 0) {
    throw new NoMatchError(`cronjob "${metadata.name}" has not started a job that still exists`);
  }
  return jobs;
}

/**
 * Returns whether a Deployment of this name owns the pod's ReplicaSet, by the names and labels that its controller
 * gives: a ReplicaSet is `NAME-HASH`, with the hash as a label; if it has another name, the Deployment has adopted it.
 */
function isOfDeployment(pod: Pod, name: string | undefined): boolean {
  const owner = ownerOf(pod);
  const hash = pod.metadata?.labels?.["pod-template-hash"];
  if (owner === undefined || hash === undefined) return false;
  if (operandKind(owner.apiVersion, owner.kind) !== "rs") return false;
  return owner.name === `${name}-${hash}` || !owner.name.endsWith(`-${hash}`);
}

function ownerOf({ metadata }: Pick<KubeObject | Pod, "metadata">) {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

/** Returns whether a selection can name objects of a kind: pods, and Kubernetes' own kinds whose pods can be found. */
export function isSelectable(resource: ApiResource): boolean {
  return [PODS, ...workloads].some((one) => isSameKind(one, resource));
}

/** The kind of a workload. @throws UsageError for one whose pods can't be found. */
export function workloadResource(plural: string): ApiResource {
  const resource = workloads.find((one) => one.plural === plural);
  if (resource === undefined) throw new UsageError(`pods can't be found by ${plural}`);
  return resource;
}

/** Returns the label selector of a workload's `spec`; empty if it has none. */
export function workloadSelector(resource: ApiResource, spec: unknown): string {
  const { selector = {} } = (spec ?? {}) as { selector?: unknown };
  return mapSelected.some((one) => isSameKind(one, resource))
    ? labelSelectorText({ matchLabels: selector as Record<string, string> })
    : labelSelectorText(selector as LabelSelector);
}

function requiredSelector(object: KubeObject, resource: ApiResource): string {
  const text = workloadSelector(resource, object["spec"]);
  if (text !== "") return text;
  // An empty selector matches every pod on the server, and none in the user's view.
  throw new KodamaError(
    "conflict",
    `${resource.plural} "${object.metadata.name}" selects no pods: it has no selector`,
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
