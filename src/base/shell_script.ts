/**
 * Shell scripts of kodama's own. A script is a list of `.sh` files: lines for any POSIX shell (dash, busybox, bash) that
 * use the programs that nearly every image has. It runs as `sh -c`, so that nothing has to be installed.
 *
 * User text is never part of a script: it is passed as arguments, or on standard input.
 */

/** The texts of a script's files, in order. */
export type ScriptParts = readonly string[];

/**
 * Returns the command of an exec that runs a script.
 *
 * @param name `$0`: how lists of processes show it.
 */
export function scriptCommand(
  parts: ScriptParts,
  args: readonly string[],
  name = "kodama",
): string[] {
  return ["sh", "-c", scriptText(parts), name, ...args];
}

/** Returns a script without comments and indentation: an exec's command is part of its URL, whose length is limited. */
export function scriptText(parts: ScriptParts): string {
  return parts.map(stripped).join("\n");
}

/** Texts of several lines that were stripped: a run in thousands of pods sends the same texts to each. */
const known = new Map<string, string>();
const maxKnown = 100;

function stripped(part: string): string {
  if (!part.includes("\n")) return part;
  let text = known.get(part);
  if (text === undefined) {
    text = part.replaceAll(/^[ \t]*(?:#.*)?(?:\n|$)|^[ \t]+/gm, "").trimEnd();
    if (known.size >= maxKnown) known.clear();
    known.set(part, text);
  }
  return text;
}
