/** What has to be listed and watched so that no pod of a selection is missed, now and later. */
import { KodamaError, NoMatchError, UsageError } from "../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "../kube/client.ts";
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  REPLICA_SETS,
  SERVICES,
  STATEFUL_SETS,
} from "../kube/resources.ts";
import { checkFieldSelector, checkLabelSelector, labelSelectorText } from "../kube/selectors.ts";
import type { Selection, SelectionOperand } from "../kube/target.ts";
import type { KubeObject, LabelSelector } from "../kube/types.ts";

/** One list, and which names of it count. */
export interface PodScope {
  scope: ListScope;
  /** All where it is absent. */
  names?: ReadonlySet<string>;
}

const workloads: readonly ApiResource[] = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  SERVICES,
];

/**
 * The scopes of a selection in one cluster; workloads are read for their selectors.
 *
 * @throws NoMatchError where a workload isn't there; `usage` for selectors that can't be any.
 */
export async function podScopes(
  client: KubeClient,
  selection: Selection,
  signal: AbortSignal,
): Promise<PodScope[]> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const bases = namespacesOf(client, selection).map((namespace) => base(namespace, selection));
  const names = new Set(
    selection.operands.flatMap((one) => one.kind === "pod" ? [one.name] : []),
  );
  const owners = selection.operands.filter((one) => one.kind === "workload");
  const plain = names.size > 0
    ? bases.map((scope) => ({ scope, names }))
    : owners.length === 0
    ? bases.map((scope) => ({ scope }))
    : [];
  const owned = await Promise.all(
    owners.map((owner) => workloadScopes(client, owner, bases, signal)),
  );
  return [...plain, ...owned.flat()];
}

function namespacesOf(
  client: KubeClient,
  { namespaces }: Selection,
): readonly (string | undefined)[] {
  switch (namespaces.kind) {
    case "default":
      return [client.defaultNamespace];
    case "all":
      return [undefined];
    case "named":
      return [...new Set(namespaces.names)];
  }
}

function base(namespace: string | undefined, selection: Selection): ListScope {
  const { labelSelector, fieldSelector, node } = selection;
  const fields = [fieldSelector, node && `spec.nodeName=${node}`].filter(Boolean).join(",");
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector ? { labelSelector } : {}),
    ...(fields === "" ? {} : { fieldSelector: fields }),
  };
}

async function workloadScopes(
  client: KubeClient,
  { plural, name }: Extract<SelectionOperand, { kind: "workload" }>,
  bases: readonly ListScope[],
  signal: AbortSignal,
): Promise<PodScope[]> {
  const resource = workloads.find((one) => one.plural === plural);
  if (resource === undefined) throw new UsageError(`pods can't be found by ${plural}`);
  const found = await Promise.all(bases.map(async (scope): Promise<PodScope[]> => {
    if (scope.namespace === undefined) {
      throw new UsageError(`${plural}/${name} needs one namespace`, { hint: "-n instead of -A" });
    }
    const object = await getOrUndefined(client, resource, name, scope.namespace, signal);
    if (object === undefined) return [];
    const own = selectorOf(object, plural);
    const labelSelector = scope.labelSelector ? `${scope.labelSelector},${own}` : own;
    return [{ scope: { ...scope, labelSelector } }];
  }));
  if (found.flat().length > 0) return found.flat();
  throw new NoMatchError(`${plural} "${name}" not found (context ${client.context})`, {
    hint: "-n looks in another namespace",
  });
}

async function getOrUndefined(
  client: KubeClient,
  resource: ApiResource,
  name: string,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, name, { namespace }, { signal });
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** A service's selector is a map of labels, every other kind's a LabelSelector. */
function selectorOf(object: KubeObject, plural: string): string {
  const selector = (object["spec"] as { selector?: unknown } | undefined)?.selector ?? {};
  const text = plural === SERVICES.plural
    ? labelSelectorText({ matchLabels: selector as Record<string, string> })
    : labelSelectorText(selector as LabelSelector);
  if (text !== "") return text;
  throw new KodamaError("conflict", `${plural} "${object.metadata.name}" has no selector`);
}
