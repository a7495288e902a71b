/** The selection of a full workflow and of its steps: the syntax of the command line's flags, as fields. */
import * as v from "valibot";
import { definedOnly } from "../base/json_value.ts";
import { parsePodOperand } from "../base/workload_kinds.ts";
import type { Selection } from "../kube/select/target.ts";
import {
  countFromOne,
  described,
  fieldSelector,
  listed,
  oneOrMore,
  patternsOf,
  text,
} from "./fields.ts";
import { whereEntries } from "./short_form.ts";
import { evaluatedAs, withoutNull, written } from "./written.ts";

const operand = v.pipe(
  text,
  v.check(
    (text) => parsePodOperand(text).kind !== "invalid",
    "a pod's name or a workload such as deploy/web",
  ),
);

/** The fields of `select`. */
const selectEntries = {
  ...whereEntries,
  pods: v.optional(described(
    oneOrMore(operand, "a pod's name, a workload such as deploy/web, or a list of them"),
    "Pods by their names, or all pods of a workload: `sts/db`.",
  )),
  allNamespaces: v.optional(
    described(v.boolean("true or false"), "Whether to select pods in all namespaces."),
  ),
  fieldSelector: v.optional(
    described(fieldSelector, "A field selector, as kubectl's `--field-selector`."),
  ),
  node: v.optional(described(text, "The node of the pods.")),
  sample: v.optional(
    described(countFromOne, "The number of pods to use, chosen at random."),
  ),
  sort: v.optional(described(
    v.picklist(["name", "age", "node", "random"], "one of name, age, node, random"),
    "The order of the pods; by name by default.",
  )),
  allPhases: v.optional(
    described(v.boolean("true or false"), "Whether to include pods that are not running."),
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
export interface Where {
  /** Empty for the current one. */
  contexts: readonly string[];
  selection: Selection;
  /** Only these of the selected pods, which a person has picked. */
  only?: readonly PodRef[];
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
  // An expression may evaluate to an empty text: the context's own namespace.
  const namespaces = listed(fields.namespace).filter((name) => name !== "");
  const { selector, fieldSelector, container, node, sample } = fields;
  return {
    contexts: listed(fields.context),
    selection: {
      namespaces: fields.allNamespaces === true
        ? { kind: "all" }
        : namespaces.length > 0
        ? { kind: "named", names: namespaces }
        : { kind: "default" },
      operands: listed(fields.pods).map(parsePodOperand).filter((one) => one.kind !== "invalid"),
      match: patternsOf(fields.match),
      exclude: patternsOf(fields.exclude),
      sort: fields.sort === "random" ? "name" : fields.sort ?? "name",
      shuffle: fields.sort === "random",
      allPhases: fields.allPhases ?? false,
      ...definedOnly({ labelSelector: selector, fieldSelector, container, node, sample }),
    },
  };
}
