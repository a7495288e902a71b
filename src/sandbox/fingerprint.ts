/** Identifies the files that a workflow consists of by their hashes. */

/** A file that was read. `path` is absolute. */
export interface ReadFile {
  path: string;
  text: string;
}

/** Hashes by path; paths are relative to the workflow's folder, so that they don't depend on the checkout's path. */
export type Fingerprint = Readonly<Record<string, string>>;

/** Hashes the workflow, and all files that it reaches: by `uses`, by `extends`, as scripts. */
export async function fingerprintOf(
  workflowPath: string,
  files: readonly ReadFile[],
): Promise<Fingerprint> {
  const folder = workflowPath.slice(0, workflowPath.lastIndexOf("/"));
  const hashes = await Promise.all(
    files.map(async ({ path, text }) => [relative(path, folder), await hashOf(text)] as const),
  );
  return Object.fromEntries(hashes.toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

/** Returns the paths that differ between two fingerprints, in order. */
export function changedPaths(before: Fingerprint, now: Fingerprint): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(now)]);
  const hash = (print: Fingerprint, path: string) =>
    Object.hasOwn(print, path) ? print[path] : undefined;
  return [...paths].filter((path) => hash(before, path) !== hash(now, path)).toSorted();
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(digest).toHex()}`;
}

/** Returns the relative path, e.g. `../lib/a.yaml` for a file beside the folder. Both arguments are absolute. */
function relative(path: string, folder: string): string {
  const [from, to] = [folder.split("/"), path.split("/")];
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}
