/**
 * Variables of the environment that a workflow is granted. kodama itself may read a few only (docs/permissions.md);
 * sh, which it may start, has inherited all of them, and tells those that are asked for.
 */

/** What is printed is `NAME=value`, each behind it a NUL: no value has one. */
const line =
  'for name; do eval "[ -n \\"\\${$name+set}\\" ] && printf \'%s=%s\\\\0\' $name \\"\\$$name\\""; done; :';

/** Those of the names that are set. A name that isn't one of a variable is none. */
export async function variablesOf(
  names: readonly string[],
  env: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const others: string[] = [];
  for (const name of names) {
    const value = env(name);
    if (value !== undefined) found.set(name, value);
    // The line evaluates it.
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) others.push(name);
  }
  if (others.length === 0 || Deno.build.os === "windows") return found;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", line, "kodama", ...others],
    stdin: "null",
    stderr: "null",
  }).output();
  for (const entry of new TextDecoder().decode(stdout).split("\0").slice(0, -1)) {
    const at = entry.indexOf("=");
    found.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return found;
}
