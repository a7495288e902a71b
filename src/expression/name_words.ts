/**
 * Words of a shell line that are taken for the name of a variable. bash and zsh calculate what stands in the brackets
 * behind one, and run the commands in it: `test -v 'a[$(id)]'` runs `id`, quoted as it is.
 */

/** Programs whose words are names, or may say by a flag that one is. */
const nameReaders = new Set("read mapfile readarray wait compgen complete local".split(" "));

/** Names stand before an `=`, and values behind it: `export NAME=value`. */
const assigners = new Set(["export", "readonly"]);

/** A value can be `-v`, or be put behind one. */
const testers = new Set(["test", "["]);
const printers = new Set(["printf", "print"]);

/** Stands for a value in a line that is read before there is any. */
const placeholder = /^"?_"?$/;

/**
 * The program that would take a value for a name, if one would.
 *
 * @param before what stands before the value in its pipeline, with `_` for values.
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
  // Its first word may be a flag with the name behind it: `-vNAME`.
  return printer !== undefined && (afterFlag || previous === printer) ? `${printer} -v` : undefined;
}
