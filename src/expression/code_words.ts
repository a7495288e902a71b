/**
 * Programs that read some of their words as code: a value that becomes part of such a word could become code of
 * whoever has written the value. It is GitHub Actions' "script injection", and the checks refuse it.
 */

/** The words behind these flags are code. */
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

/** The words of these are small programs, or are put together to a line for a shell elsewhere. */
const codeReaders = new Set("awk gawk mawk sed jq yq ssh watch parallel eval".split(" "));

/** Words of a shell that read their words once more, and brackets in which a value is calculated. */
const rereadingWords = new Set(
  "eval source . trap alias let [[ declare typeset unset".split(" "),
);

function sameFor(names: string, flags: RegExp): Record<string, RegExp> {
  return Object.fromEntries(names.split(" ").map((name) => [name, flags]));
}

/** `/usr/bin/python3.11` is `python`. */
function programName(word: string): string {
  return (word.split("/").at(-1) ?? "").replace(/[\d.]+$/, "");
}

/** Which program takes the word at `index` as code, if one does. Words that aren't known are undefined. */
export function codeReaderOf(
  words: readonly (string | undefined)[],
  index: number,
): { program: string; whole: boolean } | undefined {
  for (let at = 0; at < index; at++) {
    const program = programName(words[at] ?? "");
    if (program === "") continue;
    const flags = Object.hasOwn(codeFlags, program) ? codeFlags[program] : undefined;
    const before = words[index - 1] ?? "";
    if (flags?.test(before) === true && at < index - 1) return { program, whole: true };
    const own = words[index] ?? "";
    if (flags !== undefined && /^--\w+=/.test(own) && flags.test(own.split("=")[0] ?? "")) {
      return { program, whole: true };
    }
    if (codeReaders.has(program)) return { program, whole: program === "eval" };
  }
  return undefined;
}

/** The first word of a pipeline that reads other words, or what it is given, as code. */
export function codeReaderIn(pipeline: string): string | undefined {
  return pipeline.split(/[\s;|&(){}"'`]+/).find((word) => {
    const program = programName(word) || word;
    return codeReaders.has(program) || Object.hasOwn(codeFlags, program) ||
      rereadingWords.has(word);
  });
}
