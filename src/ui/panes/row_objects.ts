/** References to the objects of rows, as configuration of other panes: layouts store them, so that they are read again with care. */
import { type Selection, wholeSelection } from "../../actions/exec/events.ts";
import { NoMatchError, UsageError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { type ObjectRef, storedObjectRef } from "../../kube/object_ref.ts";
import { isSameKind, PODS, shownKind } from "../../kube/resources.ts";
import { isSelectable } from "../../kube/select/selection_scopes.ts";
import type { PaneConfig } from "../pane.ts";

/** Returns the objects of a pane's configuration. */
export function objectsOfRows({ objects }: PaneConfig): ObjectRef[] {
  if (!Array.isArray(objects)) return [];
  return objects.flatMap((one: unknown) => storedObjectRef(one) ?? []);
}

/** Returns whether an object is a pod. */
export function isPod({ resource }: ObjectRef): boolean {
  return isSameKind(resource, PODS);
}

/** Returns why the pods of some objects can't be selected; undefined if they can. */
export function podsRefusal(objects: readonly ObjectRef[]): string | undefined {
  const other = objects.find(({ resource }) => !isSelectable(resource));
  return other === undefined ? undefined : `pods can't be found by ${shownKind(other.resource)}`;
}

/**
 * Returns the selection of pods and workloads, and their contexts.
 *
 * @throws NoMatchError without objects, as a selection without operands is every pod; UsageError for a kind whose pods
 *   can't be found.
 */
export function selectionOfRows(
  objects: readonly ObjectRef[],
): { contexts: string[]; selection: Selection } {
  if (objects.length === 0) throw new NoMatchError("no object is selected");
  const refusal = podsRefusal(objects);
  if (refusal !== undefined) throw new UsageError(refusal);
  return {
    contexts: [...new Set(objects.map(({ context }) => context))],
    selection: {
      ...wholeSelection,
      operands: objects.map((one) => {
        const { context, name, resource } = one;
        const named = { context, name, ...definedOnly({ namespace: one.namespace }) };
        return isPod(one)
          ? { kind: "pod", ...named }
          : { kind: "workload", plural: resource.plural, ...named };
      }),
    },
  };
}

/** `web-0`, `deployments web`, `3 pods`. */
export function objectsText(objects: readonly ObjectRef[]): string {
  const [first, ...others] = objects;
  if (first === undefined) return "nothing";
  const kind = shownKind(first.resource);
  if (others.length > 0) return `${objects.length} ${kind}`;
  return isPod(first) ? first.name : `${kind} ${first.name}`;
}
