/**
 * The contexts and namespaces of selections: those of the command line, of the file, of a step and of a used workflow,
 * each of which takes what it doesn't name from the one around it. Pure.
 */
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import type { Selection } from "../kube/select/target.ts";
import { type PodRef, type SelectFields, type Where, whereOf } from "./selection_fields.ts";
import type { Place } from "./step_kind.ts";

type Namespaces = Selection["namespaces"];

/** The command line's overrides of the file's fields. */
export interface WhereOverrides {
  contexts?: readonly string[];
  selection?: Partial<Selection>;
  /** Pods that a person has picked from the selection. */
  only?: readonly PodRef[];
  /** Every pod is meant if nothing else chooses. */
  all?: true;
}

/** What a selection takes from the one around it. */
export interface Places {
  /** Empty for the current one. */
  contexts: readonly string[];
  namespaces: Namespaces;
  /** Those of the command line: no selection below the file's own leads elsewhere. */
  said: { contexts?: readonly string[]; namespaces?: Namespaces };
}

/** Nothing is around the selection of a file that a person runs. */
export const noPlaces: Places = { contexts: [], namespaces: { kind: "default" }, said: {} };

/** Where a workflow runs: what the command line says, and what is around it. */
export interface Around {
  overrides: WhereOverrides;
  places: Places;
}

/** Returns the places that selections within one take from it. */
export function placesIn(
  { contexts, selection: { namespaces } }: Where,
  { overrides, places }: Around,
): Places {
  const own = { contexts: overrides.contexts, namespaces: overrides.selection?.namespaces };
  return { contexts, namespaces, said: { ...places.said, ...definedOnly(own) } };
}

/** Returns the selection of a workflow, to which the command line's flags apply field by field. */
export function ownWhere(select: SelectFields, around: Around, name: string): Where {
  return overridden(whereIn(select, around.places, name), around.overrides);
}

/**
 * Returns the selection of evaluated fields, with the places of the one around it unless it names others.
 *
 * @param whose the step or the workflow that it is of, for the message.
 * @throws UsageError if it names a context or a namespace that the command line excludes.
 */
export function whereIn(
  fields: SelectFields,
  { contexts, namespaces, said }: Places,
  whose: string,
): Where {
  const own = whereOf(fields);
  const outside = own.contexts.find((one) => said.contexts?.includes(one) === false);
  if (outside !== undefined) {
    throw contradiction(whose, `the context ${JSON.stringify(outside)}`, said.contexts ?? []);
  }
  const wanted = own.selection.namespaces;
  if (said.namespaces?.kind === "named" && wanted.kind !== "default") {
    const { names } = said.namespaces;
    const other = wanted.kind === "all"
      ? undefined
      : wanted.names.find((one) => !names.includes(one));
    if (wanted.kind === "all" || other !== undefined) {
      const what = other === undefined
        ? "all namespaces"
        : `the namespace ${JSON.stringify(other)}`;
      throw contradiction(whose, what, names);
    }
  }
  return {
    ...own,
    contexts: own.contexts.length > 0 ? own.contexts : contexts,
    selection: own.selection.namespaces.kind === "default"
      ? { ...own.selection, namespaces }
      : own.selection,
  };
}

/**
 * Returns the context and the namespace of a step that names objects, within a selection; absent are those of the
 * kubeconfig.
 *
 * @param whose for the message.
 * @throws UsageError as {@link whereIn}; KodamaError `config` if there are several.
 */
export function onePlace(
  { isNamespaced, ...named }: Place,
  whose: string,
  within: (fields: SelectFields) => Where,
): { context?: string; namespace?: string } {
  const where = within(named);
  const { namespaces } = where.selection;
  const [context, ...contexts] = new Set(where.contexts);
  if (contexts.length > 0) {
    throw severalPlaces(whose, "contexts; name one in `context`");
  }
  const [namespace, ...others] = namespaces.kind === "named" ? new Set(namespaces.names) : [];
  const isOne = namespace !== undefined && others.length === 0;
  const isSaid = isOne || namespaces.kind === "default" || named.allNamespaces === true;
  if (isNamespaced === true && !isSaid) {
    throw severalPlaces(whose, "namespaces; name one, or all of them, in the arguments");
  }
  return definedOnly({ context, namespace: isOne ? namespace : undefined });
}

function severalPlaces(whose: string, what: string): KodamaError {
  return new KodamaError("config", `${whose} needs to know where: the pods are in several ${what}`);
}

function contradiction(whose: string, what: string, said: readonly string[]): UsageError {
  return new UsageError(`${whose} names ${what}, and the command line ${said.join(", ")}`, {
    hint: "leave out one of the two: what names none runs where the command line says",
  });
}

/** Applies the command line's overrides, field by field. A sample doesn't drop pods that a person has picked. */
function overridden(where: Where, overrides: WhereOverrides): Where {
  const { contexts = where.contexts, only } = overrides;
  const selection = { ...where.selection, ...overrides.selection };
  if (only === undefined) {
    const all = where.all ?? overrides.all;
    return { contexts, selection, ...definedOnly({ all }) };
  }
  const { sample: _, ...rest } = selection;
  return { contexts: [...new Set(only.map(({ context }) => context))], selection: rest, only };
}
