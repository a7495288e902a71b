/** The pods that a selection may mean, with as few requests as that takes. */
import { KodamaError, UsageError } from "../base/errors.ts";
import { inParallel } from "./in_parallel.ts";
import type { ApiResource, KubeClient, ListScope } from "./client.ts";
import { wholeList } from "./list.ts";
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  PODS,
  REPLICA_SETS,
  SERVICES,
  STATEFUL_SETS,
} from "./resources.ts";
import { labelSelectorText } from "./selectors.ts";
import type { Selection } from "./target.ts";
import type { KubeObject, LabelSelector, Pod } from "./types.ts";

/** Pods, each once, and the operands that name nothing. */
export interface PodsRead {
  pods: Pod[];
  missing: { plural: string; name: string }[];
}

/** What a workload's pods are read by. */
type Part = { plural: string; name: string; pods: Pod[] | undefined };

/** Kinds whose pods can be found by their own selector. */
const workloads: readonly ApiResource[] = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  SERVICES,
];

/** Requests at a time: enough for many namespaces, few enough for a shared server's fairness. */
const parallel = 8;
/** Above it, one list costs less than so many single reads. */
const maxSingleReads = 4;

/** Reads what the operands name; all pods of the namespaces where there are none. */
export async function readPods(
  client: KubeClient,
  selection: Selection,
  signal: AbortSignal,
): Promise<PodsRead> {
  const scopes = namespacesOf(client, selection).map((namespace) => scopeOf(namespace, selection));
  const readers = operandReaders(selection);
  const parts = await inParallel(
    readers.flatMap((read) => scopes.map((scope) => () => read(client, scope, signal))),
    parallel,
  );
  return merged(parts.flat());
}

type Reader = (client: KubeClient, scope: ListScope, signal: AbortSignal) => Promise<Part[]>;

function operandReaders({ operands }: Selection): Reader[] {
  if (operands.length === 0) return [readAll];
  const names = new Set(operands.flatMap((one) => one.kind === "pod" ? [one.name] : []));
  const readers: Reader[] = operands.flatMap((one) =>
    one.kind === "workload" ? [workloadReader(one.plural, one.name)] : []
  );
  if (names.size > maxSingleReads) return [namedFromList(names), ...readers];
  return [...[...names].map(namedPodReader), ...readers];
}

const readAll: Reader = async (client, scope, signal) => [
  { plural: PODS.plural, name: "", pods: await listAll(client, scope, signal) },
];

/** One GET where the place is known and nothing narrows it: the fastest answer that there is. */
function namedPodReader(name: string): Reader {
  return async (client, scope, signal) => {
    const { namespace, labelSelector, fieldSelector } = scope;
    if (namespace === undefined || labelSelector || fieldSelector) {
      const byName = joined(fieldSelector, `metadata.name=${name}`);
      const pods = await listAll(client, { ...scope, fieldSelector: byName }, signal);
      return [{ plural: PODS.plural, name, pods: pods.length === 0 ? undefined : pods }];
    }
    const pod = await getOrUndefined<Pod>(client, PODS, name, { namespace }, signal);
    return [{ plural: PODS.plural, name, pods: pod && [pod] }];
  };
}

function namedFromList(names: ReadonlySet<string>): Reader {
  return async (client, scope, signal) => {
    const byName = Map.groupBy(
      await listAll(client, scope, signal),
      ({ metadata }) => metadata?.name ?? "",
    );
    return [...names].map((name) => ({ plural: PODS.plural, name, pods: byName.get(name) }));
  };
}

function workloadReader(plural: string, name: string): Reader {
  const resource = workloads.find((one) => one.plural === plural);
  if (resource === undefined) throw new UsageError(`pods can't be found by ${plural}`);
  return async (client, scope, signal) => {
    if (scope.namespace === undefined) {
      throw new UsageError(`${plural}/${name} needs one namespace`, { hint: "-n instead of -A" });
    }
    const { namespace } = scope;
    const object = await getOrUndefined<KubeObject>(client, resource, name, { namespace }, signal);
    if (object === undefined) return [{ plural, name, pods: undefined }];
    const labelSelector = joined(scope.labelSelector, selectorOf(object, plural));
    return [{ plural, name, pods: await listAll(client, { ...scope, labelSelector }, signal) }];
  };
}

/** A service's selector is a map of labels, every other kind's a LabelSelector. */
function selectorOf(object: KubeObject, plural: string): string {
  const spec = object["spec"] as { selector?: unknown } | undefined;
  const selector = spec?.selector ?? {};
  const text = plural === SERVICES.plural
    ? labelSelectorText({ matchLabels: selector as Record<string, string> })
    : labelSelectorText(selector as LabelSelector);
  if (text !== "") return text;
  // An empty selector means every pod to the server, and none to the person.
  throw new KodamaError(
    "conflict",
    `${plural} "${object.metadata.name}" selects no pods: it has no selector`,
  );
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

function scopeOf(
  namespace: string | undefined,
  { labelSelector, fieldSelector, node }: Selection,
): ListScope {
  const onNode = node === undefined ? undefined : `spec.nodeName=${node}`;
  const fields = joined(fieldSelector, onNode);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector ? { labelSelector } : {}),
    ...(fields === "" ? {} : { fieldSelector: fields }),
  };
}

async function listAll(client: KubeClient, scope: ListScope, signal: AbortSignal): Promise<Pod[]> {
  return (await wholeList(() => client.list<Pod>(PODS, scope, { signal }))).items;
}

async function getOrUndefined<T>(
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

/** Two operands may mean one pod; an operand is missing where no namespace has it. */
function merged(parts: readonly Part[]): PodsRead {
  const pods = new Map<string, Pod>();
  const missing = new Map<string, { plural: string; name: string }>();
  for (const { plural, name, pods: found } of parts) {
    if (found === undefined) missing.set(`${plural}/${name}`, { plural, name });
    for (const pod of found ?? []) {
      pods.set(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod);
    }
  }
  for (const { plural, name, pods: found } of parts) {
    if (found !== undefined) missing.delete(`${plural}/${name}`);
  }
  return { pods: [...pods.values()], missing: [...missing.values()] };
}

function joined(...selectors: (string | undefined)[]): string {
  return selectors.filter((one) => one).join(",");
}
