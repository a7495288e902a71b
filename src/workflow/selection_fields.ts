/** The selection of a full workflow and of its steps: the syntax of the command line's flags, as fields. */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { readFields } from "../operation/operation.ts";
import {
  isChosen,
  type ScopedSelection,
  selectionFields,
  selectionOf,
} from "../kube/select/fields.ts";
import { described, entriesOf, fieldSelector } from "./fields.ts";
import { whereEntries } from "./short_form.ts";
import { evaluatedAs, withoutNull, written } from "./written.ts";

const { pods, allNamespaces, node, sample, allPhases } = selectionFields;

/** The fields of `select`. */
const selectEntries = {
  ...whereEntries,
  ...entriesOf({ pods, allNamespaces, node, sample, allPhases }),
  fieldSelector: v.optional(
    described(fieldSelector, "A field selector, as kubectl's `--field-selector`."),
  ),
  sort: v.optional(described(
    v.picklist(["name", "age", "node", "random"], "one of name, age, node, random"),
    "The order of the pods; by name by default.",
  )),
  all: v.optional(
    described(
      v.boolean("true or false"),
      "Whether every pod of the namespaces is meant, if nothing else chooses; refused without it.",
    ),
  ),
};

/** The shape of `select`. */
export const selectShape = v.strictObject(selectEntries, "a mapping of fields");

/** The same as it is written in a file. */
export const writtenSelect = written(selectShape);

/** `select` with its expressions evaluated. */
export type SelectFields = v.InferOutput<typeof selectShape>;

/** Returns the fields of a `select` that was evaluated. @throws KodamaError `config` for a value that doesn't fit. */
export function selectFields(evaluated: unknown): SelectFields {
  return evaluatedAs(selectShape, withoutNull(evaluated as Record<string, unknown>), ["select"]);
}

/** One pod in any context. */
export interface PodRef {
  context: string;
  namespace: string;
  pod: string;
}

/** A selection, and the contexts that it is resolved in. */
export interface Where extends ScopedSelection {
  /** Only these of the selected pods, which a person has picked. */
  only?: readonly PodRef[];
  /** Every pod of the namespaces is meant, if nothing else chooses. */
  all?: true;
}

/** Returns whether something chooses the pods. */
export function choosesPods({ selection, only, all }: Where): boolean {
  return all === true || only !== undefined || isChosen(selection);
}

/**
 * Checks that something chooses the pods: an absent or empty choice never means every pod.
 *
 * @throws KodamaError `config`.
 */
export function requireChoice(where: Where): void {
  if (choosesPods(where)) return;
  throw new KodamaError("config", "nothing chooses the pods, and that never means every pod", {
    hint: "`select` has match, selector, pods and node; with `all: true` it means every pod",
  });
}

/** Returns whether a pod is one of those. */
export function isAmong(pod: PodRef, only: readonly PodRef[] | undefined): boolean {
  return only === undefined ||
    only.some((one) =>
      one.pod === pod.pod && one.namespace === pod.namespace && one.context === pod.context
    );
}

/** Returns the selection of evaluated fields. */
export function whereOf(fields: SelectFields): Where {
  // An expression may evaluate to an empty text: then the selection has no such name or filter.
  const given = Object.entries(fields).filter(([, value]) => value !== "").map(([name, value]) => [
    { namespace: "namespaces", context: "contexts" }[name] ?? name,
    Array.isArray(value) ? value.filter((one) => one !== "") : value,
  ]);
  const { sort, ...chosen } = Object.fromEntries(given);
  const input = readFields(
    selectionFields,
    sort === "random" ? { ...chosen, shuffle: true } : { ...chosen, sort },
  );
  return { ...selectionOf(input), ...(fields.all === true ? { all: true as const } : {}) };
}
