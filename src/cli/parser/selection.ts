/** The flags that choose pods: one grammar for every command that takes them. */
import type { NamePattern, Selection, SelectionOperand } from "../../actions/exec/events.ts";
import { definedOnly } from "../../base/json_value.ts";
import { NoMatchError, UsageError } from "../../base/errors.ts";
import type { Operand, ParsedArgs } from "./command.ts";
import {
  BadValue,
  choice,
  count,
  type FileContents,
  fileValue,
  text,
  toggle,
  value,
  valueOr,
  values,
} from "./flag.ts";
import { contextValue, kubeconfigFlag, namespaceValue } from "./scope_flags.ts";
import { parseTextPattern } from "../../base/plain_text.ts";
import { nodeNames, parsePodOperand, workloadKinds } from "../../base/workload_kinds.ts";
import { standardInput } from "./flag_contents.ts";

/* Parsers for the args of a selection: patterns and operands. */

/** Parses `/re/` as a regular expression, anything else as a substring. Throws {@link BadValue}. */
function namePattern(raw: string): NamePattern {
  const pattern = parseTextPattern(raw);
  if (pattern.kind !== "invalid") return pattern;
  const hint = raw === "" ? {} : { hint: "without the slashes it is plain text" };
  throw new BadValue(raw, pattern.reason, hint);
}

/** Parses a pod's name, `pod/name`, `namespace/name` or a workload. Throws {@link BadValue}. */
function selectionOperand(raw: string): SelectionOperand {
  if (raw === "") throw new BadValue(raw, "it is empty");
  if (/[*?[\]]/.test(raw)) {
    const part = raw.split(/[*?[\]]/).toSorted((a, b) => b.length - a.length)[0] || "TEXT";
    throw new BadValue(raw, "shell patterns do not match pods", {
      hint: `-m ${part} chooses the pods whose name contains it`,
    });
  }
  const operand = parsePodOperand(raw);
  if (operand.kind !== "invalid") return operand;
  const { unknownKind } = operand;
  if (unknownKind === undefined) {
    throw new BadValue(raw, "must be POD, KIND/NAME or NAMESPACE/POD", {
      hint: "as in web-0, deploy/web or storage/web-0",
    });
  }
  const [kind = "", name = ""] = raw.split("/");
  if (nodeNames.includes(kind.toLowerCase())) {
    throw new BadValue(raw, `unsupported kind ${kind}`, {
      hint: `--node ${name} chooses the pods of a node`,
    });
  }
  throw new BadValue(raw, `unsupported kind ${unknownKind}`, {
    candidates: workloadKinds,
    part: unknownKind,
    hint: `the kinds are ${workloadKinds.join(", ")}; -n names a namespace`,
  });
}

/** The same, with the name of the flag or operand in its error. */
function selectionOperandOf(raw: string, source: string): SelectionOperand {
  try {
    return selectionOperand(raw);
  } catch (error) {
    throw error instanceof BadValue ? error.of(source) : error;
  }
}

/** Pods that a file names. */
interface NamedPods {
  readonly operands: readonly SelectionOperand[];
  /** The contexts that it names, each once. Empty if it names none. */
  readonly contexts: readonly string[];
  /** Standard input was read for them, and isn't available to a command. */
  readonly tookStdin: boolean;
}

/**
 * Parses a pod or a workload in each line, as `-o name` of kodama and kubectl prints them, or as an object of
 * `-o jsonl`; or one array of such objects, as `-o json` prints it. Empty lines and comments are ignored.
 *
 * @throws NoMatchError for a file without any: it means no pod, and not every pod.
 */
export function namedPods({ name, text }: FileContents): NamedPods {
  const tookStdin = name === standardInput;
  const place = tookStdin ? "standard input" : name;
  const operands = text.trimStart().startsWith("[")
    ? fromArray(text, place)
    : fromLines(text, place);
  if (operands.length === 0) throw new NoMatchError(`${place} names no pod`);
  const contexts = new Set(operands.map((one) => one.kind === "pod" ? one.context : undefined));
  if (contexts.size > 1 && contexts.has(undefined)) {
    throw new BadValue(name, "some of its pods name a context, and others do not");
  }
  return { operands, contexts: [...contexts].filter((one) => one !== undefined), tookStdin };
}

function fromLines(text: string, place: string): SelectionOperand[] {
  return text.split("\n").flatMap((line, index) => {
    const arg = line.trim();
    if (arg === "" || arg.startsWith("#")) return [];
    const source = `line ${index + 1} of ${place}`;
    return [
      arg.startsWith("{") ? podOf(parsedJson(arg), source) : selectionOperandOf(arg, source),
    ];
  });
}

function fromArray(text: string, place: string): SelectionOperand[] {
  const values = parsedJson(text);
  if (!Array.isArray(values)) throw notJson("[", place);
  return values.map((value, index) => podOf(value, `item ${index + 1} of ${place}`));
}

/** Returns the value of a JSON text; undefined if it isn't valid. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What kodama prints of a pod. Other fields are ignored. */
function podOf(value: unknown, source: string): SelectionOperand {
  if (typeof value !== "object" || value === null) throw notJson("{", source);
  const given = (field: string): string | undefined => {
    const text = (value as Record<string, unknown>)[field];
    if (text === undefined || text === "") return undefined;
    if (typeof text === "string") return text;
    throw new BadValue(JSON.stringify(text).slice(0, 40), `its "${field}" is not a text`).of(
      source,
    );
  };
  const pod = given("pod");
  if (pod === undefined) throw notJson("{", source);
  const [namespace, context, container] = [
    given("namespace"),
    given("context"),
    given("container"),
  ];
  return { kind: "pod", name: pod, ...definedOnly({ namespace, context, container }) };
}

function notJson(start: string, source: string): BadValue {
  return new BadValue(start, "not the JSON of a pod", {
    hint: "as kodama pods and kodama pick print it with -o json or jsonl",
  }, source);
}

const group = "Selection";
const sorts = choice(["name", "age", "node"]);

/** The flags of a selection, with kubectl's meaning if kubectl has the flag. */
export const selectionFlags = {
  "namespace": values("namespace to look in (default the context's)", text, {
    ...namespaceValue,
    group,
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
  "context": values("kubeconfig context to use", text, { ...contextValue, group }),
  "kubeconfig": { ...kubeconfigFlag, group },
};

/** The flag of commands that change pods: without it or a choice they change none. */
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
