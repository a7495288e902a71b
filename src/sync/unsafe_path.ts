/** Paths that a pod or a disk told: none of them is believed unchecked. Pure. */

/** As file systems bound a path. */
const maxPathLength = 4096;

/** Whether a path can't be trusted to stay below the top, or to be what it seems. */
export function unsafePath(path: string): boolean {
  if (path.length === 0 || path.length > maxPathLength || !path.isWellFormed()) return true;
  // U+FFFD stands where the bytes of a name were not UTF-8: it would not lead back to the file.
  if (path.includes("\0") || path.includes("\uFFFD")) return true;
  return path.split("/").some((name) => name === "" || name === "." || name === "..");
}
