/** Paths that can't be synchronised as they are: they are skipped, and reported. */
import type { Ancestor, Side, Snapshot } from "./model.ts";

/** The names and entries that one side's file system supports. */
export interface SideRules {
  /** Names that differ only in case are the same name: macOS and Windows, by default. */
  ignoresCase: boolean;
  /** Names that differ only in Unicode's composition are the same name: macOS. */
  ignoresComposition: boolean;
  /** The names of Windows: reserved names and characters, no dot or space at the end. */
  windowsNames: boolean;
  /** Files have an execute bit. */
  executableBits: boolean;
  /** Symbolic links can be made. */
  symlinks: boolean;
  /** The longest name in bytes. */
  maxNameBytes: number;
}

/** The rules of a Linux file system. */
export const linuxRules: SideRules = {
  ignoresCase: false,
  ignoresComposition: false,
  windowsNames: false,
  executableBits: true,
  symlinks: true,
  maxNameBytes: 255,
};

/** Why a path is skipped on both sides, with all that is below it. */
export type SkipReason =
  /** The path could not be read, so that its absence says nothing. */
  | "unread"
  /** Another name, of either side, is equal to it on a side that ignores case or composition. */
  | "collision"
  /** The other side doesn't support this name. */
  | "name"
  /** The link leads out of the folder, or the other side doesn't support links. */
  | "link";

/** Input of reconcile: both sides, the ancestor, and the rules of their file systems. */
export interface Sides {
  local: Snapshot;
  remote: Snapshot;
  ancestor: Ancestor["entries"];
  rules: Record<Side, SideRules>;
}

/** Returns the paths to skip, with the reason. Paths below a skipped path aren't listed. */
export function skippedPaths(sides: Sides): Map<string, SkipReason> {
  const skipped = new Map<string, SkipReason>();
  for (const side of ["local", "remote"] as const) {
    const other = sides.rules[side === "local" ? "remote" : "local"];
    for (const [path, entry] of sides[side].entries) {
      if (!nameFits(path, other)) skipped.set(path, "name");
      if (entry.kind !== "symlink") continue;
      if (!other.symlinks || leadsOut(path, entry.target)) skipped.set(path, "link");
    }
  }
  for (const path of collisions(sides)) skipped.set(path, "collision");
  for (const side of ["local", "remote"] as const) {
    for (const path of sides[side].unread) skipped.set(path, "unread");
  }
  return skipped;
}

/** Yields the names that a side treats as the same, except the name that both sides have had before. */
function* collisions({ local, remote, ancestor, rules }: Sides): Generator<string> {
  const ignoresCase = rules.local.ignoresCase || rules.remote.ignoresCase;
  const ignoresComposition = rules.local.ignoresComposition || rules.remote.ignoresComposition;
  if (!ignoresCase && !ignoresComposition) return;
  const spellings = new Map<string, Set<string>>();
  for (const path of [...local.entries.keys(), ...remote.entries.keys()]) {
    const composed = ignoresComposition ? path.normalize("NFC") : path;
    // Twice, as file systems fold more than one letter to another: "ß" and "ẞ", "ſ" and "s".
    const key = ignoresCase ? composed.toUpperCase().toLowerCase() : composed;
    const known = spellings.get(key);
    if (known === undefined) spellings.set(key, new Set([path]));
    else known.add(path);
  }
  for (const paths of spellings.values()) {
    if (paths.size === 1) continue;
    const agreed = [...paths].filter((path) => ancestor.has(path));
    for (const path of paths) {
      if (agreed.length !== 1 || path !== agreed[0]) yield path;
    }
  }
}

const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex -- Windows refuses names with control characters
const windowsRefuses = /[<>:"|?*\\\u0000-\u001f]|[. ]$/;
const windowsDevices = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;

/** Returns whether a side supports the last name of a path. */
function nameFits(path: string, rules: SideRules): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // A UTF-16 unit has at most three bytes.
  if (name.length * 3 > rules.maxNameBytes && encoder.encode(name).length > rules.maxNameBytes) {
    return false;
  }
  return !rules.windowsNames || !(windowsRefuses.test(name) || windowsDevices.test(name));
}

/**
 * Returns whether a link's text leads above the top of the folder, or is an absolute path. After a name, `..` is the
 * parent of that name's target, which another link decides: `a/..` may be anywhere.
 */
function leadsOut(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || /^[a-z]:|\\|\0/i.test(target)) return true;
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  const above = names.findIndex((name) => name !== "..");
  if (above >= 0 && names.indexOf("..", above) >= 0) return true;
  return (above < 0 ? names.length : above) > path.split("/").length - 1;
}
