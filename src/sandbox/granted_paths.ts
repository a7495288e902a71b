/**
 * The files and folders that a script may use. Deno checks the path that a script names, and follows links behind it: so
 * links below a grant are judged here by their targets, before the script's code is sent to its process.
 */
import type { Grant, Permissions } from "../workflow/model.ts";
import { absolute, isWithin } from "../workflow/permissions.ts";

/** The kinds of grants that are paths. */
type Kind = "read" | "write";

/** The paths that a script gets of `permissions.read` and `write`. */
export type GrantedPaths =
  | {
    kind: "granted";
    /** Absolute paths; a link in them was given by the user. */
    read: Grant;
    write: Grant;
    /** Links that lead to paths that aren't granted, and folders by which these have another path. */
    deniedLinks: readonly string[];
  }
  /** As a noun: `write access to out, whose link out/k leads to /etc`. */
  | { kind: "refused"; what: string };

/** Where a script runs, and the paths that it must not reach. */
interface PathBounds {
  /** The workflow's folder: relative paths are below it. */
  folder: string;
  /** Folders that no script may write to. */
  protectedPaths: readonly string[];
}

/** Entries of all granted folders together, whose links are checked; more are refused. */
const maxEntries = 200_000;

/** Characters of all denied links together: the system limits an argument to 128 KiB. */
const maxDenied = 100_000;

/** Only there two paths lead to the same file only by links, and not by their case. */
const comparesExactly = Deno.build.os === "linux";

interface Root {
  /** As the permissions have it. */
  grant: string;
  path: string;
  /** Without links. */
  real: string;
}

/** A symbolic link below a granted path. */
interface FoundLink {
  /** As a script names it. */
  path: string;
  /** Without links above it. */
  at: string;
  /** The end of all links, which needn't exist. */
  target: string;
  /** The path depends on the folders above it, so that it would lead elsewhere from another folder. */
  climbs: boolean;
}

class Refused extends Error {}

/**
 * Returns the paths that a script gets. In a folder that it may only read, links to paths that aren't granted are
 * denied by name. In a folder that it may write to, it could move them to another name, so such a folder is refused as
 * a whole.
 */
export async function grantedPaths(
  permissions: Pick<Permissions, Kind>,
  { folder, protectedPaths }: PathBounds,
): Promise<GrantedPaths> {
  try {
    const home = await endOf(folder);
    const [read, write] = [
      await rootsOf(permissions.read, home),
      await rootsOf(permissions.write, home),
    ];
    if (permissions.write !== true) {
      const own = await Promise.all(protectedPaths.map(endOf));
      for (const { grant, real } of write) {
        const inside = own.find((one) => isWithin(one, real));
        if (inside !== undefined) refuse("write", grant, `in which kodama's own ${inside} is`);
      }
      await checkWritable(write, { write, ...(permissions.read === true ? {} : { read }) });
    }
    const deniedLinks = permissions.read === true ? [] : await linksToDeny(read);
    return {
      kind: "granted",
      read: listed(permissions.read, read),
      write: listed(permissions.write, write),
      deniedLinks,
    };
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", what: error.message };
    throw error;
  }
}

function listed(grant: Grant, roots: readonly Root[]): Grant {
  return typeof grant === "boolean" ? grant : roots.map(({ path }) => path);
}

function refuse(kind: Kind, grant: string, why: string): never {
  throw new Refused(`${kind} access to ${grant}, ${why}`);
}

/** Returns the granted paths; a relative path that a link leads out of its own folder isn't below its path any more. */
async function rootsOf(grant: Grant, home: string): Promise<Root[]> {
  if (typeof grant === "boolean") return [];
  return await Promise.all(grant.map(async (one) => {
    const path = absolute(one, home);
    return { grant: one, path, real: one.startsWith("/") ? await endOf(path) : path };
  }));
}

/** Refuses folders to write to with links that could ever lead out of `within`, of each kind that covers them. */
async function checkWritable(
  write: readonly Root[],
  within: Partial<Record<Kind, readonly Root[]>>,
): Promise<void> {
  for await (const { root, link } of linksBelow(write, "write")) {
    const name = nameOf(link, root);
    for (const [kind, roots = []] of Object.entries(within)) {
      const isGranted = kind === "write" || roots.some(({ real }) => isWithin(link.at, real));
      if (isGranted && !roots.some(({ real }) => isWithin(link.target, real))) {
        refuse("write", root.grant, `whose link ${name} leads to ${link.target}`);
      }
    }
    if (link.climbs && link.at !== root.real) {
      refuse("write", root.grant, `whose link ${name} has \`..\`, and would lead out if moved`);
    }
  }
}

/** Returns paths below folders to read by which a script would reach files that aren't granted. */
async function linksToDeny(read: readonly Root[]): Promise<string[]> {
  const denied: FoundLink[] = [];
  let inside: FoundLink[] = [];
  for await (const { root, link } of linksBelow(read, "read")) {
    if (read.some(({ real }) => isWithin(link.target, real))) inside.push(link);
    else if (comparesExactly && link.at !== root.real) denied.push(link);
    else refuse("read", root.grant, `whose link ${nameOf(link, root)} leads to ${link.target}`);
  }
  // A link to a folder gives a denied link below it another path.
  for (let found = 1; found > 0;) {
    const aliases = inside.filter(({ target }) => denied.some(({ at }) => isWithin(at, target)));
    inside = inside.filter((link) => !aliases.includes(link));
    denied.push(...aliases);
    found = aliases.length;
  }
  const paths = denied.map(({ path }) => path);
  const [first] = denied;
  const length = paths.reduce((sum, path) => sum + path.length + 1, 0);
  if (first !== undefined && length > maxDenied) {
    const others = `${paths.length} links lead to what isn't granted, as ${first.path}`;
    throw new Refused(`read access to folders of which ${others}`);
  }
  return paths;
}

function nameOf(link: FoundLink, root: Root): string {
  return root.grant.startsWith("/") || !isWithin(link.path, root.path)
    ? link.path
    : `${root.grant.replace(/\/+$/, "")}${link.path.slice(root.path.length)}`;
}

/** Yields the links below the paths, and relative paths that are links themselves or lie behind a link. */
async function* linksBelow(
  roots: readonly Root[],
  kind: Kind,
): AsyncGenerator<{ root: Root; link: FoundLink }, void> {
  let entries = 0;
  for (const root of roots) {
    const { path, real } = root;
    const end = await endOf(path);
    if (end !== real) {
      yield { root, link: { path, at: real, target: end, climbs: false } };
      continue;
    }
    // No link leads out of the root of all folders.
    if (real === "/") continue;
    for (const folders = [""]; folders.length > 0;) {
      const folder = folders.pop() ?? "";
      for (const { name, isSymlink, isDirectory } of await entriesOf(`${path}${folder}`)) {
        if (++entries > maxEntries) {
          refuse(kind, root.grant, `which has more than ${maxEntries} files, whose links to check`);
        }
        const below = `${folder}/${name}`;
        if (isDirectory) folders.push(below);
        if (!isSymlink) continue;
        const link = `${path}${below}`;
        const text = await textOf(link);
        const climbs = text?.startsWith("/") === false && text.split("/").includes("..");
        yield {
          root,
          link: { path: link, at: `${real}${below}`, target: await endOf(link), climbs },
        };
      }
    }
  }
}

/** Returns the entries of a folder; none of a file, and of a folder that a script can't read either. */
async function entriesOf(path: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory
    ) return [];
    throw error;
  }
}

/** As many links as a system follows. */
const maxLinks = 40;

/** Returns a path without links, the last link followed even if its target is missing: a script would create that. */
async function endOf(path: string, links = maxLinks): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    // The target is missing, or can't be reached: the rest of the path is followed by its texts.
  }
  const cut = path.lastIndexOf("/");
  if (cut < 0 || path === "/") return path;
  const above = await endOf(path.slice(0, cut) || "/", links);
  const own = `${above === "/" ? "" : above}${path.slice(cut)}`;
  const text = await textOf(own);
  return text === undefined || links === 0 ? own : await endOf(absolute(text, above), links - 1);
}

/** Returns the text of a link; undefined if there is none. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch {
    return undefined;
  }
}
