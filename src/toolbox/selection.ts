/** The pods that a tool is for: the same selection as of every command, as options. */
import type { Selection, SelectionOperand } from "../actions/exec/events.ts";
import {
  type Options,
  type OptionValues,
  textOption,
  textsOption,
  toggleOption,
  wholeOption,
} from "../actions/option.ts";
import { UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import type { TextPattern } from "../base/plain_text.ts";
import { parsePodOperand } from "../base/workload_kinds.ts";

/** Which pods. Without any of them: the running pods of the context's own namespace. */
export const selectionOptions = {
  pods: textsOption("pods by their exact names, or workloads such as deploy/web or sts/db"),
  match: textsOption("pods whose name contains one of these texts"),
  exclude: textsOption("exclude pods whose name contains one of these texts"),
  namespaces: textsOption("namespaces; the context's own if absent"),
  allNamespaces: toggleOption("all namespaces"),
  selector: textOption("label selector, such as app=web,tier!=cache"),
  fieldSelector: textOption("field selector, such as status.phase=Running"),
  container: textOption("container; each pod's default container if absent"),
  node: textOption("only pods on this node"),
  sample: wholeOption("a random choice of N of the pods", { least: 1 }),
  contexts: textsOption("contexts of the kubeconfig; the current one if absent"),
} satisfies Options;

/** Returns the selection. @throws UsageError for a value that can't be one. */
export function selectionOf(
  values: OptionValues<typeof selectionOptions>,
  { allPhases }: { allPhases: boolean },
): { contexts: readonly string[]; selection: Selection } {
  const { namespaces = [], allNamespaces = false } = values;
  if (allNamespaces && namespaces.length > 0) {
    throw new UsageError('"namespaces" and "allNamespaces" contradict each other');
  }
  return {
    contexts: values.contexts ?? [],
    selection: {
      namespaces: allNamespaces
        ? { kind: "all" }
        : namespaces.length > 0
        ? { kind: "named", names: namespaces }
        : { kind: "default" },
      operands: (values.pods ?? []).map(operandOf),
      match: (values.match ?? []).map(patternOf),
      exclude: (values.exclude ?? []).map(patternOf),
      sort: "name",
      shuffle: false,
      allPhases,
      ...definedOnly({
        labelSelector: values.selector,
        fieldSelector: values.fieldSelector,
        container: values.container,
        node: values.node,
        sample: values.sample,
      }),
    },
  };
}

/** Returns whether the values choose pods: otherwise they are all of the namespace. */
export function isChosen(values: OptionValues<typeof selectionOptions>): boolean {
  const { pods = [], match = [], selector, fieldSelector, node, sample } = values;
  return pods.length > 0 || match.length > 0 ||
    [selector, fieldSelector, node, sample].some((one) => one !== undefined);
}

function operandOf(raw: string): SelectionOperand {
  const operand = parsePodOperand(raw);
  if (operand.kind !== "invalid") return operand;
  throw new UsageError(`"${raw}" names no pods`, {
    hint: "as in web-0, deploy/web or storage/web-0",
  });
}

/** A plain text: a regular expression of a model's could take forever. */
function patternOf(text: string): TextPattern {
  return { kind: "substring", text };
}
