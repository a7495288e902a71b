/** What to list and watch so that no pod of a selection is missed, now and later. */
import { NoMatchError } from "../../base/errors.ts";
import type { KubeClient, ListScope } from "../../kube/client.ts";
import { podNamesIn } from "../../kube/select/pod_operands.ts";
import { selectionScopes, workloadScope } from "../../kube/select/selection_scopes.ts";
import { checkFieldSelector, checkLabelSelector } from "../../kube/select/selectors.ts";
import type { Selection, SelectionOperand } from "../../kube/select/target.ts";

/** One list, and which of its names count. */
export interface PodScope {
  scope: ListScope;
  /** All if absent. */
  names?: ReadonlySet<string>;
}

/**
 * Returns the scopes of a selection in one cluster; workloads are read for their selectors.
 *
 * @throws NoMatchError if a workload doesn't exist; `usage` for invalid selectors; whatever {@link workloadScope}
 *   throws.
 */
export async function podScopes(
  client: KubeClient,
  selection: Selection,
  signal: AbortSignal,
): Promise<PodScope[]> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const bases = selectionScopes(client, selection);
  const owners = selection.operands.filter((one) => one.kind === "workload");
  const plain = selection.operands.length > owners.length
    ? bases.map((scope) => ({ scope, names: namesIn(client, selection, scope) }))
    : owners.length === 0
    ? bases.map((scope) => ({ scope }))
    : [];
  const owned = await Promise.all(owners.map((owner) => ownedScopes(client, owner, bases, signal)));
  return [...plain, ...owned.flat()];
}

function namesIn(
  { context }: KubeClient,
  selection: Selection,
  { namespace }: ListScope,
): Set<string> {
  return podNamesIn(selection, { context, namespace });
}

async function ownedScopes(
  client: KubeClient,
  owner: Extract<SelectionOperand, { kind: "workload" }>,
  bases: readonly ListScope[],
  signal: AbortSignal,
): Promise<PodScope[]> {
  const scopes = await Promise.all(
    bases.map((scope) => workloadScope(client, owner, scope, signal)),
  );
  const found = scopes.flatMap((scope) => scope === undefined ? [] : [{ scope }]);
  if (found.length > 0) return found;
  throw new NoMatchError(`${owner.plural} "${owner.name}" not found (context ${client.context})`, {
    hint: "-n looks in another namespace",
  });
}
