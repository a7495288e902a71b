/**
 * Values in commands. Args stay args: a value in an arg of a command is that arg, whatever it contains. In a line for a
 * shell, a value never becomes part of the line: it is passed in an environment variable, and if a shell would not take
 * that as a single word, the checks refuse it with the correct form.
 */
import { Budget } from "./budget.ts";
import { ExpressionError, type ExpressionProblem, ExpressionRefusal } from "./problem.ts";
import { partText, type Template, type TemplatePart } from "./template.ts";
import type { RecordValue } from "./value.ts";

/** A line for a shell, and the variables that it reads. */
interface ShellLine {
  line: string;
  environment: Readonly<Record<string, string>>;
}

/** Prefix of the variables that hold the values of a shell line; a number follows. */
const variablePrefix = "KODAMA_VALUE_";

const wayOut = 'set it in the step\'s `env` (NAME: "${{ … }}") and read it there as "$NAME"';

/** Returns the problems of a command's args: a value that its program reads as code. */
export function checkArgs(
  args: readonly Template[],
): readonly (ExpressionProblem & { arg: number })[] {
  const literals = args.map(literalOf);
  return args.flatMap((template, arg) => {
    const reader = codeReaderOf(literals, arg);
    if (reader === undefined) return [];
    const isMixed = template.parts.length > 1;
    return template.parts.filter((part) => part.kind === "expression" && (reader.whole || isMixed))
      .map(({ start, end }) => ({
        arg,
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
 * Returns the single arg that a template evaluates to, whatever the value contains.
 *
 * @throws ExpressionError with the position in the text.
 */
export function evaluateArg(template: Template, values: RecordValue): string {
  const budget = new Budget();
  return template.parts.map((part) => argText(part, values, budget)).join("");
}

/** Refuses null, and characters that an argument or variable of a program can't contain. */
function argText(part: TemplatePart, values: RecordValue, budget: Budget): string {
  const text = partText(part, values, budget, (value) => {
    if (value === null) {
      throw new ExpressionRefusal("null in a command; default(…, …) gives another value");
    }
  });
  if (text.includes("\0")) {
    throw new ExpressionError("an argument of a command can't contain the character NUL", part);
  }
  if (!text.isWellFormed()) {
    throw new ExpressionError("the value is not valid Unicode, and has no bytes", part);
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
    const message = `a line with values in it has at most ${maxLineLength / 1024} Ki characters`;
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
      return [{ start, end, message: `a value can't be used in ${position.inside}; ${wayOut}` }];
    }
    const pipelineStart = boundaries.findLast((boundary) => boundary <= at) ?? 0;
    const pipeline = whole.slice(pipelineStart, boundaries.find((boundary) => boundary > at));
    const reader = codeReaderIn(pipeline);
    if (reader !== undefined) {
      return [{ start, end, message: `${reader} would read the value as code; ${wayOut}` }];
    }
    const namer = nameReaderAt(whole.slice(pipelineStart, at));
    return namer === undefined ? [] : [{
      start,
      end,
      message:
        `${namer} could take the value for a variable's name, and run the commands in its brackets`,
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
    environment[name] = argText(part, values, budget);
    line += readShell(line).position.kind === "double" ? `\${${name}}` : `"\${${name}}"`;
  }
  return { line, environment };
}

/*
 * Programs that read some of their args as code: a value that becomes part of such an arg could become code of the
 * value's author. It is GitHub Actions' "script injection", and the checks refuse it.
 */

/** The args after these flags are code. */
const codeFlags: Readonly<Record<string, RegExp>> = {
  ...sameFor("sh bash dash ash ksh zsh fish busybox su runuser", /^-[a-zA-Z]*c$|^--command$/),
  ...sameFor("python pypy", /^-[a-zA-Z]*c$/),
  ...sameFor("perl ruby", /^-[a-zA-Z]*[eE]$/),
  ...sameFor("node bun lua", /^-[a-z]*[ep]$|^--(?:eval|print)$/),
  ...sameFor("php", /^-[rBRE]$/),
  ...sameFor("psql sqlplus", /^-[a-zA-Z]*c$|^--command$/),
  ...sameFor("mysql mariadb", /^-[a-zA-Z]*e$|^--execute$/),
  ...sameFor("mongosh", /^--eval$/),
  ...sameFor("deno", /^eval$/),
};

/** Shells don't take code in the same arg as the flag; the others do: `python -cprint(1)`. */
const shells = new Set("sh bash dash ash ksh zsh fish busybox su runuser".split(" "));

/** Programs that join all of their args to a line for a shell. */
const lineMakers = new Set("ssh watch parallel eval".split(" "));

/** An arg of these is a small program; the others are files and the like. */
const programReaders = new Set("awk gawk mawk sed jq yq".split(" "));

/** Shell commands that evaluate their args again, and brackets in which a value is calculated. */
const rereadingCommands = new Set(
  "eval source . trap alias let [[ declare typeset unset".split(" "),
);

function sameFor(names: string, flags: RegExp): Record<string, RegExp> {
  return Object.fromEntries(names.split(" ").map((name) => [name, flags]));
}

/** Returns `python` for `/usr/bin/python3.11`. */
function programName(arg: string): string {
  return (arg.split("/").at(-1) ?? "").replace(/[\d.]+$/, "");
}

/**
 * Returns the program that takes the arg at `index` as code, if any does: the whole arg, or if it isn't `whole`, an arg
 * in which a value is inserted into other text. Unknown args are undefined.
 */
function codeReaderOf(
  args: readonly (string | undefined)[],
  index: number,
): { program: string; whole: boolean } | undefined {
  const before = args.slice(0, index).map((arg) => programName(arg ?? ""));
  const own = args[index] ?? "";
  const flag = args[index - 1] ?? "";
  const certain = before.find((program, at) => {
    if (lineMakers.has(program)) return true;
    const flags = Object.hasOwn(codeFlags, program) ? codeFlags[program] : undefined;
    return flags !== undefined &&
      ((at < index - 1 && flags.test(flag)) || isAttached(own, program, flags));
  });
  if (certain !== undefined) return { program: certain, whole: true };
  const possible = before.find((program) => programReaders.has(program));
  return possible === undefined ? undefined : { program: possible, whole: false };
}

/** Returns whether the arg is a flag followed by the code: `--eval=…`, `-e…`. */
function isAttached(arg: string, program: string, flags: RegExp): boolean {
  const [name = "", value] = arg.split("=", 2);
  if (name.startsWith("--")) return value !== undefined && flags.test(name);
  return !shells.has(program) && arg.startsWith("-") && flags.test(arg.slice(0, 2));
}

/** Returns the first word of a pipeline that reads other words, or its input, as code. */
function codeReaderIn(pipeline: string): string | undefined {
  return pipeline.split(/[\s;|&(){}"'`]+/).find((arg) => {
    const program = programName(arg) || arg;
    return lineMakers.has(program) || programReaders.has(program) ||
      Object.hasOwn(codeFlags, program) || rereadingCommands.has(arg);
  });
}

/* Positions in a shell line at which the shell reads a value only as a value. */

/** The context of a position. `plain` and `double` can take a value; the others can't, for the reason. */
type ShellPosition =
  | { kind: "plain" | "double" }
  | { kind: "refused"; inside: string };

/**
 * Expansions that end where they seem to, and don't change the state: a variable, and those whose content has neither
 * quotes nor a nested expansion. `case` has parentheses that close nothing.
 */
const wholeExpansions: readonly RegExp[] = [
  /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/y,
  /\$\{[#!]?[A-Za-z_]\w*(?:[^{}$'"`\\\n][^{}$'"`\\\n]*)?\}/y,
  /\$\(\([\w\s+*/%<>=!&|?:,-]*\)\)/y,
  /\$\((?!\()(?![^)]*\bcase\b)(?:[^()'"`\\#$<]|\$\w|\$\{\w+\})*\)/y,
  /`(?:[^`'"\\#$<]|\$\w|\$\{\w+\})*`/y,
];

/** Constructs in which quotes have another meaning, or whose content is read again. */
const constructs: readonly (readonly [mark: string, name: string])[] = [
  ["$((", "$((…))"],
  ["((", "((…))"],
  ["$(", "$(…)"],
  ["${", "${…}"],
  ["$'", "$'…'"],
  ["`", "`…`"],
  ["<<", "a here-document"],
];

/** The result of reading a shell text from its start. */
interface ShellReading {
  /** The context at its end. */
  position: ShellPosition;
  /** Offsets after which another pipeline starts, as far as the text can be read. */
  boundaries: readonly number[];
}

/**
 * Reads a text by the quoting rules that all POSIX shells share. Anything that the rules don't define is refused, and
 * so is everything after a construct with rules of its own.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
 */
function readShell(line: string): ShellReading {
  const boundaries: number[] = [];
  const refused = (inside: string): ShellReading => {
    return { position: { kind: "refused", inside }, boundaries };
  };
  let quote: "" | "'" | '"' = "";
  let isWordStart = true;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (quote === "'") {
      if (character === "'") quote = "";
      continue;
    }
    const length = character === "\\" ? 2 : expansionAt(line, at);
    if (length > 0) {
      if (at + length > line.length) return refused("an escape: \\");
      at += length - 1;
      isWordStart = false;
      continue;
    }
    const construct = constructAt(line, at, quote === '"');
    if (construct !== undefined) return refused(construct);
    if (quote === '"') {
      if (character === '"') quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "#" && isWordStart) {
      const end = line.indexOf("\n", at);
      if (end < 0) return refused("a comment");
      at = end;
    }
    if (quote === "" && isBoundary(line, at)) boundaries.push(at + 1);
    isWordStart = quote === "" && /[\s;|&()]/.test(line[at] ?? "");
  }
  if (quote === "'") return refused("'…', where no variable is read");
  if (quote === '"') return { position: { kind: "double" }, boundaries };
  // bash calculates the index, and a value in it is code.
  if (/(?:^|[\s;|&(])\w*\[[^\]\s]*$/.test(line)) return refused("the index of an array");
  return { position: { kind: "plain" }, boundaries };
}

/** Matches `;`, a line break, `&`, `&&` and `||`; but not the `|` within a pipeline, nor the `&` of `2>&1`. */
function isBoundary(line: string, at: number): boolean {
  const [before, character, after] = [line[at - 1], line[at], line[at + 1]];
  if (character === "|") return before === "|";
  if (character === "&") return before !== ">" && before !== "<" && after !== ">";
  return character === ";" || character === "\n";
}

/** Returns the length of a whole expansion; 0 if there is none. */
function expansionAt(line: string, at: number): number {
  for (const pattern of wholeExpansions) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match !== null) return match[0].length;
  }
  return 0;
}

/** Returns the name of a construct that starts here, if there is a construct that can't be skipped. */
function constructAt(line: string, at: number, isQuoted: boolean): string | undefined {
  // Between double quotes, only constructs that start with $ or ` retain their meaning.
  const found = constructs.find(([mark]) =>
    line.startsWith(mark, at) && (!isQuoted || /^(?:\$[({]|`)/.test(mark))
  );
  if (found !== undefined) return found[1];
  // Shells differ in other forms that start with $: $[…] calculates in bash, $=x splits in zsh.
  const next = line[at + 1] ?? "";
  return line[at] === "$" && !/[\s"]/.test(next) ? `a text that starts with $${next}` : undefined;
}

/*
 * Args in a shell line that are taken for the name of a variable. bash and zsh calculate the index in brackets after a
 * name, and run the commands in it: `test -v 'a[$(id)]'` runs `id`, although it is quoted.
 */

/** Programs whose args are names, or may be names after a flag. */
const nameReaders = new Set("read mapfile readarray wait compgen complete local".split(" "));

/** Names come before an `=`, and values after it: `export NAME=value`. */
const assigners = new Set(["export", "readonly"]);

/** A value can be `-v`, or come after `-v`. */
const testers = new Set(["test", "["]);
const printers = new Set(["printf", "print"]);

/** Stands for a value in a line that is read without values. */
const valuePlaceholder = /^"?_"?$/;

/**
 * Returns the program that would take a value for a name, if any.
 *
 * @param before the text before the value in its pipeline, with `_` for values.
 */
function nameReaderAt(before: string): string | undefined {
  const words = before.split(/[\s;|&(){}]+/);
  const open = words.at(-1) ?? "";
  const previous = (words.at(-2) ?? "").replaceAll(/["']/g, "");
  const has = (programs: ReadonlySet<string>) =>
    words.slice(0, -1).find((one) => programs.has(one));
  const reader = has(nameReaders);
  if (reader !== undefined) return reader;
  const assigner = has(assigners);
  if (assigner !== undefined && !open.includes("=")) return assigner;
  const afterFlag = /^-[vR]$/.test(previous);
  const tester = has(testers);
  if (tester !== undefined && (afterFlag || valuePlaceholder.test(previous))) return `${tester} -v`;
  const printer = has(printers);
  // The first arg may be a flag followed by the name: `-vNAME`.
  return printer !== undefined && (afterFlag || previous === printer) ? `${printer} -v` : undefined;
}
