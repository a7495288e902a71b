/** The flags that choose pods: one grammar for every command that takes them. */
import type { Selection, SelectionOperand } from "../../actions/exec/events.ts";
import { allField, operandsOf, selectionFields, selectionOf } from "../../actions/selection.ts";
import { definedOnly, parsedJson } from "../../base/json_value.ts";
import { NoMatchError, UsageError } from "../../base/errors.ts";
import type { Operand, ParsedArgs } from "./command.ts";
import { BadValue, type FileContents, fileValue, runValue, text, toggle, value } from "./flag.ts";
import { fieldValues, flagOf, refuseContradictoryFlags } from "./option_flag.ts";
import { kubeconfigFlag } from "./scope_flags.ts";
import { isPodKind } from "../../base/workload_kinds.ts";
import { standardInput } from "./flag_contents.ts";

/** kubectl takes `get deploy web`. Here `deploy` would be one more pod, beside the pod `web`. */
function refuseBareKind(raw: string, next: string | undefined): void {
  if (next === undefined || !isPodKind(raw)) return;
  throw new BadValue(raw, "a kind, without the name of an object", {
    hint: `${raw}/${next}; pod/${raw} is a pod of that name`,
  }, "POD|KIND/NAME");
}

/** Parses a pod or a workload, with the name of the flag or operand in its error. */
function selectionOperandsOf(raw: string, source: string): readonly SelectionOperand[] {
  try {
    return operandsOf(raw);
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
  const object = text.trimStart().startsWith("{") ? parsedJson(text) : undefined;
  const operands = isKubeObject(object)
    ? fromKubectl(object, place)
    : text.trimStart().startsWith("[")
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
    if (arg.startsWith("{")) return [podOf(parsedJson(arg), source)];
    if (/\s/.test(arg)) {
      throw new BadValue(arg.slice(0, 60), "not the name of a pod", {
        hint: "a table has more than names: -o name prints those alone",
      }, source);
    }
    return selectionOperandsOf(arg, source);
  });
}

/** What kubectl prints with `-o json`: a Pod, or a List of them. */
interface PrintedObject {
  kind: string;
  metadata?: { name?: string; namespace?: string };
  items?: PrintedObject[];
}

function isKubeObject(value: unknown): value is PrintedObject {
  return typeof value === "object" && value !== null && "apiVersion" in value && "kind" in value;
}

function fromKubectl({ kind, metadata, items }: PrintedObject, place: string): SelectionOperand[] {
  if (items !== undefined) return items.flatMap((item) => fromKubectl(item, place));
  const { name, namespace } = metadata ?? {};
  if (kind !== "Pod" || name === undefined) {
    throw new BadValue(
      kind,
      "not a pod",
      { hint: "as kubectl get pods -o json prints them" },
      place,
    );
  }
  return [{ kind: "pod", name, ...definedOnly({ namespace }) }];
}

function fromArray(text: string, place: string): SelectionOperand[] {
  const values = parsedJson(text);
  if (!Array.isArray(values)) throw notJson("[", place);
  return values.map((value, index) => podOf(value, `item ${index + 1} of ${place}`));
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

/** A command runs in one container of a pod: a second name would replace the first in silence. */
function onlyOne(texts: readonly string[]): string | undefined {
  const [first, other] = new Set(texts.map(text));
  if (other === undefined) return first;
  throw new BadValue(other, `"${first}" is named already, and a command runs in one container`);
}

const group = "Selection";
const { pods: _pods, ...named } = selectionFields;

/** The flags of a selection, with kubectl's meaning if kubectl has the flag. */
export const selectionFlags = {
  "namespace": flagOf(named.namespaces),
  "all-namespaces": flagOf(named.allNamespaces),
  "match": flagOf(named.match),
  "exclude": flagOf(named.exclude),
  "selector": flagOf(named.selector),
  "field-selector": flagOf(named.fieldSelector),
  "container": { ...flagOf(named.container), resolve: onlyOne },
  "from": fileValue(
    "read the names of pods from FILE, or - for stdin: lines of -o name or -o jsonl",
    namedPods,
    { group },
  ),
  "from-run": runValue(
    "choose the pods of a past run, by its id or last; with --failed, --skipped, --differing or --same-as a part of them",
    namedPods,
    { group },
  ),
  "failed": toggle("with --from-run: whose command failed, or whose end isn't known", { group }),
  "skipped": toggle("with --from-run: where the command wasn't started", { group }),
  "differing": toggle("with --from-run: whose answer isn't that of most pods", { group }),
  "same-as": value("with --from-run: whose answer is that of POD, as in a group of --fold", text, {
    placeholder: "POD",
    group,
  }),
  "node": flagOf(named.node),
  "sample": flagOf(named.sample),
  "sort": flagOf(named.sort),
  "shuffle": flagOf(named.shuffle),
  "all-phases": flagOf(named.allPhases),
  "pick": toggle("choose among the matches in the picker", { short: "P", group }),
  "context": flagOf(named.contexts),
  "kubeconfig": { ...kubeconfigFlag, group },
};

/** The flag of commands that change pods: without it or a choice they change none. */
export const allFlag = {
  "all": flagOf(allField),
};

/** The operands of a selection. */
export const selectionOperands: readonly Operand[] = [
  { name: "POD|KIND/NAME", arity: "any", completion: { kind: "pods" } },
];

/** The selection that the args describe, and its scope. */
export interface SelectionOptions {
  contexts: readonly string[];
  selection: Selection;
  /** A person chooses among the matches first. */
  pick: boolean;
}

/** Flags that choose a part of the pods of a run. */
const partFlags = ["failed", "skipped", "differing", "same-as"];

/** Parses args into a selection. Throws `UsageError` for flags that contradict each other. */
export function resolveSelection(
  { flags, given, operands }: ParsedArgs<typeof selectionFlags>,
): SelectionOptions {
  refuseContradictoryFlags(named, { flags, given });
  if (flags.pick && flags.sample !== undefined) {
    throw new UsageError("--pick and --sample can't be used together", {
      hint: "either you choose, or chance does",
    });
  }
  const part = partFlags.find((flag) => given.has(flag));
  if (part !== undefined && flags["from-run"] === undefined) {
    throw new UsageError(`--${part} needs --from-run`, { hint: "--from-run last is the last run" });
  }
  const { contexts, ...input } = fieldValues(named, flags);
  const { selection } = selectionOf({
    ...input,
    pods: [
      ...operands.map((raw, at) => {
        refuseBareKind(raw, operands[at + 1]);
        return selectionOperandsOf(raw, "POD|KIND/NAME");
      }),
      flags.from?.operands ?? [],
      flags["from-run"]?.operands ?? [],
    ],
  });
  return {
    contexts: contextsOf(contexts, [
      ...new Set([...flags.from?.contexts ?? [], ...flags["from-run"]?.contexts ?? []]),
    ]),
    pick: flags.pick,
    selection,
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
