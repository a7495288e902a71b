/**
 * Values in commands. Args stay args: a value in an arg of a command is that arg, whatever it contains. In a line for a
 * shell, a value never becomes part of the line: it is passed in an environment variable, and if a shell would not take
 * that as one word, the checks refuse it with the correct form.
 */
import { Budget } from "./budget.ts";
import { codeReaderIn, codeReaderOf } from "./code_words.ts";
import { nameReaderAt } from "./name_words.ts";
import { ExpressionError, type ExpressionProblem, Refusal } from "./problem.ts";
import { readShell } from "./shell_position.ts";
import { partText, type Template, type TemplatePart } from "./template.ts";
import type { RecordValue } from "./value.ts";

/** A line for a shell, and the variables that it reads. */
export interface ShellLine {
  line: string;
  environment: Readonly<Record<string, string>>;
}

/** Prefix of the variables that hold the values of a shell line; a number follows. */
const variablePrefix = "KODAMA_VALUE_";

const wayOut = 'set it in the step\'s `env` (NAME: "${{ … }}") and read it there as "$NAME"';

/** Returns the problems of a command's args: a value that its program reads as code. */
export function checkWords(
  words: readonly Template[],
): readonly (ExpressionProblem & { word: number })[] {
  const literals = words.map(literalOf);
  return words.flatMap((template, word) => {
    const reader = codeReaderOf(literals, word);
    if (reader === undefined) return [];
    const isMixed = template.parts.length > 1;
    return template.parts.filter((part) => part.kind === "expression" && (reader.whole || isMixed))
      .map(({ start, end }) => ({
        word,
        start,
        end,
        message: `${reader.program} would read the value as code; ${wayOut}`,
      }));
  });
}

/** Returns an arg as it is written; undefined if it is an expression alone. */
function literalOf({ parts }: Template): string | undefined {
  const text = parts.map((part) => part.kind === "text" ? part.text : "").join("");
  return text === "" ? undefined : text;
}

/**
 * Returns the one arg that a template evaluates to, whatever the value contains.
 *
 * @throws ExpressionError with the position in the text.
 */
export function evaluateWord(template: Template, values: RecordValue): string {
  const budget = new Budget();
  return template.parts.map((part) => wordText(part, values, budget)).join("");
}

/** Refuses null, and what an argument or variable of a program can't contain. */
function wordText(part: TemplatePart, values: RecordValue, budget: Budget): string {
  const text = partText(part, values, budget, (value) => {
    if (value === null) throw new Refusal("null in a command; default(…, …) gives another value");
  });
  if (text.includes("\0")) {
    throw new ExpressionError("a word of a command can't hold the character NUL", part);
  }
  if (!text.isWellFormed()) {
    throw new ExpressionError("the value is not valid Unicode, and no bytes stand for it", part);
  }
  return text;
}

/** Stands for a value when a line is read without values: a word without a meaning. */
const placeholder = "_";

/** The longest line for a shell with values in it: each is read with everything before it. */
const maxLineLength = 32 * 1024;

/** Returns the problems of a line for a shell: values at positions that wouldn't take them unchanged. */
export function checkShellLine({ parts }: Template): readonly ExpressionProblem[] {
  const whole = parts.map((part) => part.kind === "text" ? part.text : placeholder).join("");
  const first = parts.find(({ kind }) => kind === "expression");
  if (first !== undefined && whole.length > maxLineLength) {
    const message = `a line with values in it has ${maxLineLength / 1024} Ki characters at most`;
    return [{ start: first.start, end: first.end, message }];
  }
  const { boundaries } = readShell(whole);
  let before = "";
  return parts.flatMap((part) => {
    const at = before.length;
    before += part.kind === "text" ? part.text : placeholder;
    if (part.kind === "text") return [];
    const { start, end } = part;
    const { position } = readShell(whole.slice(0, at));
    if (position.kind === "refused") {
      return [{ start, end, message: `no value can stand in ${position.inside}; ${wayOut}` }];
    }
    const begin = boundaries.findLast((boundary) => boundary <= at) ?? 0;
    const pipeline = whole.slice(begin, boundaries.find((boundary) => boundary > at));
    const reader = codeReaderIn(pipeline);
    if (reader !== undefined) {
      return [{ start, end, message: `${reader} would read the value as code; ${wayOut}` }];
    }
    const namer = nameReaderAt(whole.slice(begin, at));
    return namer === undefined ? [] : [{
      start,
      end,
      message:
        `${namer} could take the value for a variable's name, and run what its brackets hold`,
    }];
  });
}

/**
 * Returns the line, with every value in a variable of its own. A line that {@link checkShellLine} has a problem with is
 * never made.
 *
 * @throws ExpressionError with the position in the text.
 */
export function evaluateShellLine(template: Template, values: RecordValue): ShellLine {
  const [problem] = checkShellLine(template);
  if (problem !== undefined) throw new ExpressionError(problem.message, problem);
  const budget = new Budget();
  const environment: Record<string, string> = {};
  let line = "";
  for (const part of template.parts) {
    if (part.kind === "text") {
      line += part.text;
      continue;
    }
    const name = `${variablePrefix}${Object.keys(environment).length + 1}`;
    environment[name] = wordText(part, values, budget);
    line += readShell(line).position.kind === "double" ? `\${${name}}` : `"\${${name}}"`;
  }
  return { line, environment };
}
