/** The words of a selection: patterns and operands, from text to their narrow types. */
import type { NamePattern, SelectionOperand } from "../actions/exec_events.ts";
import { NoMatchError } from "../base/errors.ts";
import { parseTextPattern } from "../base/text_pattern.ts";
import { parsePodOperand, workloadKinds } from "../base/workload_kinds.ts";
import { BadValue, type FileContents } from "./flag.ts";
import { standardInput } from "./flag_contents.ts";

/** `/re/` is a regular expression, anything else a substring. Throws {@link BadValue}. */
export function namePattern(raw: string): NamePattern {
  const pattern = parseTextPattern(raw);
  if (pattern.kind !== "invalid") return pattern;
  const hint = raw === "" ? {} : { hint: "without the slashes it is a plain text" };
  throw new BadValue(raw, pattern.reason, hint);
}

/** A pod's name, `pod/name`, or a workload. Throws {@link BadValue}. */
function selectionOperand(raw: string): SelectionOperand {
  if (raw === "") throw new BadValue(raw, "it is empty");
  const operand = parsePodOperand(raw);
  if (operand.kind !== "invalid") return operand;
  const { unknownKind } = operand;
  if (unknownKind === undefined) {
    throw new BadValue(raw, "it must be POD or KIND/NAME", { hint: "as in web-0 or deploy/web" });
  }
  throw new BadValue(raw, `pods can't be found by the kind "${unknownKind}"`, {
    candidates: workloadKinds,
    part: unknownKind,
    hint: `the kinds are ${workloadKinds.join(", ")}; -n names a namespace, --node a node`,
  });
}

/** The same, with what the word was given for in its error. */
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
  /** Standard input was read for them, and is no longer there for a command. */
  readonly tookStdin: boolean;
}

/**
 * A pod or a workload in each line, as `kodama pods -o name` prints them; empty lines and comments count for nothing.
 *
 * @throws NoMatchError for a file without any: no pod at all is meant then, and not every pod.
 */
export function namedPods({ name, text }: FileContents): NamedPods {
  const tookStdin = name === standardInput;
  const place = tookStdin ? "standard input" : name;
  const operands = text.split("\n").flatMap((line, index) => {
    const word = line.trim();
    if (word === "" || word.startsWith("#")) return [];
    return [selectionOperandOf(word, `line ${index + 1} of ${place}`)];
  });
  if (operands.length === 0) throw new NoMatchError(`${place} names no pod`);
  return { operands, tookStdin };
}
