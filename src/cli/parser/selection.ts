/** The flags that choose pods: one grammar for every command that takes them. */
import type { Selection } from "../../actions/exec/events.ts";
import { definedOnly } from "../../base/defined_only.ts";
import { UsageError } from "../../base/errors.ts";
import type { Operand, ParsedArgs } from "./command.ts";
import { choice, count, fileValue, text, toggle, value, valueOr, values } from "./flag.ts";
import { namedPods, namePattern, selectionOperandOf } from "./parse_selection.ts";

const group = "Selection";
const sorts = choice(["name", "age", "node"]);

/** By their long names, with kubectl's meaning if kubectl has the flag. */
export const selectionFlags = {
  "namespace": values("namespace to look in (default the context's)", text, {
    short: "n",
    placeholder: "NAME",
    group,
    completion: { kind: "namespaces" },
  }),
  "all-namespaces": toggle("look in all namespaces", { short: "A", group }),
  "match": values("choose pods whose name contains TEXT or matches /RE/", namePattern, {
    short: "m",
    group,
  }),
  "exclude": values("exclude pods whose name contains TEXT or matches /RE/", namePattern, {
    short: "x",
    group,
  }),
  "selector": value("label selector: app=web,tier!=test", text, {
    short: "l",
    placeholder: "QUERY",
    group,
    completion: { kind: "labels" },
  }),
  "field-selector": value("field selector: status.podIP=10.0.0.7", text, {
    placeholder: "QUERY",
    group,
  }),
  "container": value("container of each pod (default the main one)", text, {
    short: "c",
    placeholder: "NAME",
    group,
    completion: { kind: "containers" },
  }),
  "from": fileValue(
    "read the names of pods from FILE, or - for stdin: lines of -o name or -o jsonl",
    namedPods,
    { group },
  ),
  "node": value("choose the pods on this node", text, {
    placeholder: "NAME",
    group,
    completion: { kind: "nodes" },
  }),
  "sample": value("choose N of the pods at random", count, { placeholder: "N", group }),
  "sort": valueOr("sort the pods", sorts.parse, "name", { ...sorts, group }),
  "shuffle": toggle("shuffle the pods", { group }),
  "all-phases": toggle("include pods that are not running", { group }),
  "pick": toggle("choose among the matches in the picker", { short: "P", group }),
  "context": values("kubeconfig context to use", text, {
    placeholder: "NAME",
    group,
    completion: { kind: "contexts" },
  }),
  "kubeconfig": value("kubeconfig file to use instead of $KUBECONFIG", text, {
    placeholder: "FILE",
    group,
    completion: { kind: "files" },
  }),
};

/** Of commands that change pods: without a choice they change none. */
export const allFlag = {
  "all": toggle("use every pod of the namespace, if nothing else chooses", { group }),
};

/** The operands of a selection. */
export const selectionOperands: readonly Operand[] = [
  { name: "POD|KIND/NAME", arity: "any", completion: { kind: "pods" } },
];

/** The selection that the args describe, and its scope. */
export interface SelectionOptions {
  contexts: readonly string[];
  kubeconfig: string | undefined;
  selection: Selection;
  /** A person chooses among the matches first. */
  pick: boolean;
}

/** Parses args into a selection. Throws `UsageError` for flags that contradict each other. */
export function resolveSelection(
  { flags, given, operands }: ParsedArgs<typeof selectionFlags>,
): SelectionOptions {
  const namespaces = flags.namespace;
  if (flags["all-namespaces"] && namespaces.length > 0) {
    throw new UsageError("--namespace and --all-namespaces can't be used together");
  }
  if (flags.shuffle && given.has("sort")) {
    throw new UsageError("--sort and --shuffle can't be used together");
  }
  if (flags.pick && flags.sample !== undefined) {
    throw new UsageError("--pick and --sample can't be used together", {
      hint: "either you choose, or chance does",
    });
  }
  const optional = {
    labelSelector: flags.selector,
    fieldSelector: flags["field-selector"],
    container: flags.container,
    node: flags.node,
    sample: flags.sample,
  };
  return {
    contexts: contextsOf(flags.context, flags.from?.contexts ?? []),
    kubeconfig: flags.kubeconfig,
    pick: flags.pick,
    selection: {
      namespaces: flags["all-namespaces"]
        ? { kind: "all" }
        : namespaces.length > 0
        ? { kind: "named", names: namespaces }
        : { kind: "default" },
      operands: [
        ...operands.map((raw) => selectionOperandOf(raw, "POD|KIND/NAME")),
        ...flags.from?.operands ?? [],
      ],
      match: flags.match,
      exclude: flags.exclude,
      sort: flags.sort,
      shuffle: flags.shuffle,
      allPhases: flags["all-phases"],
      ...definedOnly(optional),
    },
  };
}

/** Returns the contexts of the pods in a file, limited to those that `--context` names. */
function contextsOf(given: readonly string[], named: readonly string[]): readonly string[] {
  if (given.length === 0 || named.length === 0) return given.length === 0 ? named : given;
  const outside = named.find((name) => !given.includes(name));
  if (outside === undefined) return named;
  throw new UsageError(`--from names pods of context "${outside}", which --context leaves out`, {
    hint: "leave out --context: the pods name theirs",
  });
}
