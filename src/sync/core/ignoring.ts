/** The ignore rules of a synchronisation, from the sources of a folder. */
import type { Ignoring } from "./endpoint.ts";
import { type IgnoreOptions, IgnoreScope, type IgnoreSource } from "./ignore_rules.ts";
import { withoutIgnored } from "./ignored_entries.ts";

/** Returns the rules of a folder of this machine; those of each subfolder are read once. */
export function ignoringOf(
  read: (folder: string) => readonly IgnoreSource[],
  options: IgnoreOptions = {},
): Ignoring {
  const known = new Map<string, readonly IgnoreSource[]>();
  const sources = (folder: string) => {
    let found = known.get(folder);
    if (found === undefined) known.set(folder, found = read(folder));
    return found;
  };
  const top = IgnoreScope.root(sources(""), options);
  const scopes = new Map<string, IgnoreScope | undefined>([["", top]]);
  /** Returns undefined if the folder itself is ignored. */
  const scopeOf = (folder: string): IgnoreScope | undefined => {
    if (scopes.has(folder)) return scopes.get(folder);
    const at = folder.lastIndexOf("/");
    const above = scopeOf(folder.slice(0, Math.max(0, at)));
    const name = folder.slice(at + 1);
    const scope = above === undefined || above.ignores(name, "folder")
      ? undefined
      : above.enter(name, sources(folder));
    scopes.set(folder, scope);
    return scope;
  };
  return {
    top,
    sources,
    without: (snapshot) => withoutIgnored(snapshot, sources, options),
    ignores(path, kind) {
      const at = path.lastIndexOf("/");
      const scope = scopeOf(path.slice(0, Math.max(0, at)));
      return scope === undefined || scope.ignores(path.slice(at + 1), kind);
    },
  };
}
