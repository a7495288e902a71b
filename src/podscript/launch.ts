/**
 * How kodama runs shell scripts of its own in pods. A script is a list of `.sh` files: lines for any POSIX shell (dash,
 * busybox, bash) that use the programs that nearly every image has. It runs as `sh -c`, so that nothing has to be
 * installed.
 *
 * User text is never part of a script: it is passed as arguments, or on standard input. Scripts that report to kodama
 * start with `prelude.sh`, and have an unguessable mark as first argument, which starts the lines that are theirs.
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
  return parts.join("\n").replaceAll(/^[ \t]*(?:#.*)?(?:\n|$)|^[ \t]+/gm, "").trimEnd();
}

/** Returns the mark for one run of a script: programs in the pod can't guess it. */
export function newMark(): string {
  return `kodama-${crypto.randomUUID()} `;
}
