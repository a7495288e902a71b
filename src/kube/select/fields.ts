/** The selection as fields: one grammar for every front end. If kubectl has the flag, its meaning is the same. */
import { hint, option } from "../../base/hint.ts";
import { definedOnly } from "../../base/json_value.ts";
import { expandNames } from "../../base/name_ranges.ts";
import { parseTextPattern, type TextPattern } from "../../base/plain_text.ts";
import { nodeNames, parsePodOperands, workloadKinds } from "../../base/workload_kinds.ts";
import {
  BadValue,
  choiceField,
  type Field,
  type FieldDetails,
  type Input,
  listField,
  or,
  parsedField,
  patternsField,
  textField,
  textsField,
  toggleField,
  wholeField,
} from "../../operation/field.ts";
import { type Selection, type SelectionOperand, wholeSelection } from "./target.ts";

const group = "Selection";

/** Tools and the page show pods in an order of their own, and know themselves which phases they are for. */
const absentFrom = {
  tools: "a tool's answer has an order of its own",
  page: "the page has an order of its own",
};

/** Which pods. Without any of them: the running pods of the context's own namespace. */
export const selectionFields = {
  pods: listField(
    parsedField(
      "pods by their exact names, also with ranges: web-[0-3]; or workloads such as deploy/web",
      {
        parse: operandsOf,
        expected: "a pod's name such as web-0 or web-[0-3], or a workload such as deploy/web",
      },
    ),
  ),
  namespaces: textsField("namespace to look in (default the context's)", {
    ...{ flag: "namespace", short: "n", placeholder: "NAME", lookup: "namespaces", group },
  }),
  allNamespaces: toggleField("look in all namespaces", {
    short: "A",
    group,
    excludes: { namespaces: "" },
  }),
  match: names("choose pods whose name contains TEXT", "m"),
  exclude: names("exclude pods whose name contains TEXT", "x"),
  selector: joined("label selector: app=web,tier!=test; a pod must match all", {
    ...{ short: "l", placeholder: "QUERY", lookup: "labels", group },
  }),
  fieldSelector: textField("field selector: status.podIP=10.0.0.7", {
    ...{ placeholder: "QUERY", group },
  }),
  container: textField("container of each pod (default the main one)", {
    ...{ short: "c", placeholder: "NAME", lookup: "containers", group },
  }),
  node: textField("choose the pods on this node", { placeholder: "NAME", lookup: "nodes", group }),
  sample: wholeField("choose N of the pods at random", { least: 1, group }),
  sort: or(choiceField("sort the pods", ["name", "age", "node"], { group, absentFrom }), "name"),
  shuffle: toggleField("shuffle the pods", {
    ...{ group, excludes: { sort: "" } },
    absentFrom: { ...absentFrom, workflows: "it is `sort: random`" },
  }),
  allPhases: toggleField("include pods that are not running", {
    group,
    absentFrom: {
      tools: "a tool that reads is for all phases, one that runs commands for running pods",
      page: "a view that reads is for all phases, a run for running pods",
    },
  }),
  contexts: textsField("kubeconfig context to use", {
    ...{ flag: "context", placeholder: "NAME", lookup: "contexts", group },
  }),
};

/** Every pod of the namespaces, if nothing else chooses. */
export const allField = toggleField("use every pod of the namespace, if nothing else chooses", {
  group,
  absentFrom: { workflows: "it is `all` of `select`" },
});

/** A selection, and the contexts that it is resolved in. */
export interface ScopedSelection {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  selection: Selection;
}

/** Returns the selection of an input; fields that it hasn't are those of {@link wholeSelection}. */
export function selectionOf(input: Partial<Input<typeof selectionFields>>): ScopedSelection {
  const { pods = [], namespaces = [], allNamespaces, selector, contexts = [] } = input;
  const { fieldSelector, container, node, sample } = input;
  const { match, exclude, sort, shuffle, allPhases } = input;
  return {
    contexts,
    selection: {
      ...wholeSelection,
      namespaces: allNamespaces
        ? { kind: "all" }
        : namespaces.length > 0
        ? { kind: "named", names: namespaces }
        : { kind: "default" },
      operands: pods.flat(),
      ...definedOnly({ match, exclude, sort, shuffle, allPhases }),
      ...definedOnly({ labelSelector: selector, fieldSelector, container, node, sample }),
    },
  };
}

/**
 * Returns whether a selection chooses pods, and doesn't just take all of its namespaces. What changes pods never takes
 * all of them by default: an empty variable would then change all. Neither an empty filter nor an exclusion chooses, nor
 * a sample, which may be as large as the namespace.
 */
export function isChosen(
  { operands, match, labelSelector, fieldSelector, node }: Selection,
): boolean {
  return operands.length > 0 || match.length > 0 ||
    [labelSelector, fieldSelector, node].some((one) => one !== undefined && one.trim() !== "");
}

function names(about: string, short: string): Field<readonly TextPattern[]> {
  const plain = {
    about: `${about} in one of these texts`,
    parse: (text: string) => ({ kind: "substring", text } as const),
  };
  const parse = (text: string) => {
    const pattern = parseTextPattern(text);
    if (pattern.kind === "substring") refuseShellPattern(text);
    if (pattern.kind !== "invalid") return pattern;
    const hint = text === "" ? {} : { hint: "without the slashes it is plain text" };
    throw new BadValue(text, pattern.reason, hint);
  };
  const expected = "a text or /re/";
  return patternsField(`${about} or matches /RE/`, { parse, expected, plain }, { short, group });
}

/** Selectors that must all match: one may be given several times. An empty one would mean every pod. */
function joined(about: string, details: FieldDetails): Field<string | undefined> {
  const one = textField(about, details);
  const { read } = listField(one);
  return { ...one, isRepeatable: true, read: (given) => (read(given) as string[]).join(",") };
}

function refuseShellPattern(raw: string): void {
  if (!/[*?[\]]/.test(raw)) return;
  const isRange = /\[\d+[-,]/.test(raw) && expandNames(raw) !== undefined;
  throw new BadValue(raw, "shell patterns do not match pods", {
    hint: isRange
      ? `as names, without a flag: '${raw}'`
      : expressionHint(raw, (text) => `'${text}'`),
  });
}

/**
 * Parses a pod's name, `pod/name`, `namespace/name` or a workload, each also with ranges of numbers, and several with
 * commas between them, as kodama prints them. @throws BadValue
 */
export function operandsOf(raw: string): readonly SelectionOperand[] {
  if (raw === "") throw new BadValue(raw, "it is empty");
  const operands = parsePodOperands(raw);
  if (!("kind" in operands)) return operands;
  switch (operands.reason) {
    case "pattern":
      throw new BadValue(raw, "shell patterns do not match pods", {
        hint: expressionHint(raw, (text) => option("match", text)),
      });
    case "blanks":
      throw new BadValue(raw, "names have no blanks", { hint: "each name is a value of its own" });
    case "form":
      throw new BadValue(raw, "must be POD, KIND/NAME or NAMESPACE/POD", {
        hint: raw.includes(":")
          ? hint`${option("container", "NAME")} chooses a container`
          : "as in web-0, deploy/web or storage/web-0",
      });
    case "kind": {
      const { unknownKind } = operands;
      const [kind = "", name = ""] = raw.split("/");
      if (nodeNames.includes(kind.toLowerCase())) {
        throw new BadValue(raw, `unsupported kind ${kind}`, {
          hint: hint`${option("node", name)} chooses the pods of a node`,
        });
      }
      throw new BadValue(raw, `unsupported kind ${unknownKind}`, {
        candidates: workloadKinds,
        part: unknownKind,
        hint: hint`the kinds are ${workloadKinds.join(", ")}; ${
          option("namespaces")
        } names a namespace`,
      });
    }
  }
}

/** Returns how a pattern is written as a name with ranges, or as the expression that it is or means. */
function expressionHint(raw: string, word: (text: string) => string | ReturnType<typeof option>) {
  const ranges = "ranges of numbers are written as in web-[0-3,7]";
  if (/\[[\d,-]*$|\[\]|\[\d*[-,]|\{\d/.test(raw)) return ranges;
  // A pattern of a shell has no `.*` and none of these characters.
  const isExpression = /^\.$|\.[*+]|[\^$|()+\\]/.test(raw);
  const expression = isExpression ? raw : `^${asExpression(raw)}$`;
  try {
    new RegExp(expression);
  } catch {
    return ranges;
  }
  return hint`as a regular expression: ${word(`/${expression}/`)}`;
}

/** Returns the expression that matches what a shell's pattern does. */
function asExpression(pattern: string): string {
  return pattern.replace(/[.+^$(){}|\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
}
