/**
 * The named permission sets of `deno.json`, as flags of `deno run`.
 *
 * From source, `deno run -P=NAME` reads them itself. Launchers can't: an installed kodama has no
 * configuration file, and each lists its permissions in its own text, readable by everyone.
 */

/** The kinds of permission that kodama's sets use. A kind that is absent is refused. */
const kinds = ["read", "write", "net", "env", "run", "sys"] as const;
type Kind = typeof kinds[number];

/** One value of a set: everything, nothing, or a list. `ignore` makes all others appear absent. */
export type Grant = boolean | readonly string[] | { allow: readonly string[]; ignore: true };

/** A named set, as in `deno.json`. */
export type PermissionSet = Partial<Record<Kind, Grant>>;

/** Returns the sets of `deno.json` by name. Throws if the file contains an unknown kind. */
export async function readPermissionSets(): Promise<ReadonlyMap<string, PermissionSet>> {
  const text = await Deno.readTextFile(new URL("../deno.json", import.meta.url));
  const { permissions } = JSON.parse(text) as { permissions: Record<string, PermissionSet> };
  for (const [name, set] of Object.entries(permissions)) {
    for (const kind of Object.keys(set)) {
      if (!kinds.includes(kind as Kind)) throw new Error(`deno.json: permissions.${name}.${kind}`);
    }
  }
  return new Map(Object.entries(permissions));
}

/** Returns one set. Throws if there is none of that name. */
export async function readPermissionSet(name: string): Promise<PermissionSet> {
  const set = (await readPermissionSets()).get(name);
  if (set === undefined) throw new Error(`deno.json has no permission set "${name}"`);
  return set;
}

/** Returns `--allow-…` flags, in a fixed order. Everything else is refused by `--no-prompt`. */
export function permissionFlags(set: PermissionSet): string[] {
  return kinds.flatMap((kind) => {
    const grant = set[kind];
    if (grant === true) return [`--allow-${kind}`];
    const listed = grantedNames(grant);
    const allowed = listed.length > 0 ? [`--allow-${kind}=${listed.join(",")}`] : [];
    const ignored = typeof grant === "object" && "ignore" in grant ? [`--ignore-${kind}`] : [];
    return [...allowed, ...ignored];
  });
}

/** The names that a grant lists. */
export function grantedNames(grant: Grant | undefined): readonly string[] {
  if (grant === undefined || typeof grant === "boolean") return [];
  return "allow" in grant ? grant.allow : grant;
}
