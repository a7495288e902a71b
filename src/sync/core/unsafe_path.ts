/** Checks paths from a pod or a disk: none of them is trusted. Pure. */

/** The limit of file systems on a path. */
const maxPathLength = 4096;

/** Returns whether a path can't be trusted to stay below the top, or to be what it seems. */
export function unsafePath(path: string): boolean {
  if (path.length === 0 || path.length > maxPathLength || !path.isWellFormed()) return true;
  // U+FFFD replaces bytes of a name that aren't UTF-8: it would not lead back to the file.
  if (path.includes("\0") || path.includes("\uFFFD")) return true;
  return path.split("/").some((name) => name === "" || name === "." || name === "..");
}
