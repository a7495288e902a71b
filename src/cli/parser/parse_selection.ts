/** Parsers for the args of a selection: patterns and operands. */
import type { NamePattern, SelectionOperand } from "../../actions/exec/events.ts";
import { NoMatchError } from "../../base/errors.ts";
import { parseTextPattern } from "../../base/text_pattern.ts";
import { definedOnly } from "../../base/defined_only.ts";
import { nodeNames, parsePodOperand, workloadKinds } from "../../base/workload_kinds.ts";
import { BadValue, type FileContents } from "./flag.ts";
import { standardInput } from "./flag_contents.ts";

/** Parses `/re/` as a regular expression, anything else as a substring. Throws {@link BadValue}. */
export function namePattern(raw: string): NamePattern {
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
export function selectionOperandOf(raw: string, source: string): SelectionOperand {
  try {
    return selectionOperand(raw);
  } catch (error) {
    throw error instanceof BadValue ? error.of(source) : error;
  }
}

/** Pods that a file names. */
export interface NamedPods {
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
