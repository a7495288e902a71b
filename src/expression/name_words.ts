/**
 * Args in a shell line that are taken for the name of a variable. bash and zsh calculate the index in brackets after
 * one, and run the commands in it: `test -v 'a[$(id)]'` runs `id`, although it is quoted.
 */

/** Programs whose args are names, or may be names after a flag. */
const nameReaders = new Set("read mapfile readarray wait compgen complete local".split(" "));

/** Names come before an `=`, and values after it: `export NAME=value`. */
const assigners = new Set(["export", "readonly"]);

/** A value can be `-v`, or come after one. */
const testers = new Set(["test", "["]);
const printers = new Set(["printf", "print"]);

/** Stands for a value in a line that is read without values. */
const placeholder = /^"?_"?$/;

/**
 * Returns the program that would take a value for a name, if any.
 *
 * @param before the text before the value in its pipeline, with `_` for values.
 */
export function nameReaderAt(before: string): string | undefined {
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
  if (tester !== undefined && (afterFlag || placeholder.test(previous))) return `${tester} -v`;
  const printer = has(printers);
  // Its first arg may be a flag followed by the name: `-vNAME`.
  return printer !== undefined && (afterFlag || previous === printer) ? `${printer} -v` : undefined;
}
