/**
 * Environment variables that a workflow is granted. kodama itself may read only a few (docs/permissions.md); sh, which
 * it may start, has inherited all of them, and prints the requested ones.
 */

/** The output is `NAME=value`, each followed by a NUL: values can't contain one. */
const line =
  'for name; do eval "[ -n \\"\\${$name+set}\\" ] && printf \'%s=%s\\\\0\' $name \\"\\$$name\\""; done; :';

/** Returns those of the names that are set. Ignores names that aren't valid for variables. */
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
