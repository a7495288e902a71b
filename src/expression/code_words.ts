/**
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

/** These join all of their args to a line for a shell. */
const lineMakers = new Set("ssh watch parallel eval".split(" "));

/** One arg of these is a small program; the others are files and the like. */
const programReaders = new Set("awk gawk mawk sed jq yq".split(" "));

/** Shell commands that evaluate their args again, and brackets in which a value is calculated. */
const rereadingWords = new Set(
  "eval source . trap alias let [[ declare typeset unset".split(" "),
);

function sameFor(names: string, flags: RegExp): Record<string, RegExp> {
  return Object.fromEntries(names.split(" ").map((name) => [name, flags]));
}

/** Returns `python` for `/usr/bin/python3.11`. */
function programName(word: string): string {
  return (word.split("/").at(-1) ?? "").replace(/[\d.]+$/, "");
}

/**
 * Returns the program that takes the arg at `index` as code, if one does: the whole arg, or if it isn't `whole`, an arg
 * in which a value is inserted into other text. Unknown args are undefined.
 */
export function codeReaderOf(
  words: readonly (string | undefined)[],
  index: number,
): { program: string; whole: boolean } | undefined {
  const before = words.slice(0, index).map((word) => programName(word ?? ""));
  const own = words[index] ?? "";
  const flag = words[index - 1] ?? "";
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
function isAttached(word: string, program: string, flags: RegExp): boolean {
  const [name = "", value] = word.split("=", 2);
  if (name.startsWith("--")) return value !== undefined && flags.test(name);
  return !shells.has(program) && word.startsWith("-") && flags.test(word.slice(0, 2));
}

/** Returns the first word of a pipeline that reads other words, or its input, as code. */
export function codeReaderIn(pipeline: string): string | undefined {
  return pipeline.split(/[\s;|&(){}"'`]+/).find((word) => {
    const program = programName(word) || word;
    return lineMakers.has(program) || programReaders.has(program) ||
      Object.hasOwn(codeFlags, program) || rereadingWords.has(word);
  });
}
