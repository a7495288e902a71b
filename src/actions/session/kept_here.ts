/** Files of a synced folder that stay on this machine: those whose variables go into the session's Secret. Pure. */

/**
 * Ignore patterns, each for one of the files that lie in the folder. A pod's files are read by whoever may look into
 * the pod, or snapshots it; a Secret has rights of its own.
 *
 * @param folder absolute, as are the files.
 */
export function keptHere(folder: string, files: readonly string[]): string[] {
  const inside = folder === "/" ? folder : `${folder}/`;
  return files
    .filter((file) => file.startsWith(inside))
    .map((file) => `/${file.slice(inside.length).replaceAll(/[\\*?[\] ]/g, "\\$&")}`);
}

/**
 * Ignore patterns of every sync with a session's workspace.
 *
 * @param secretFiles absolute paths, as {@link keptHere} takes them.
 */
export function excludedFromWorkspace(folder: string, secretFiles: readonly string[]): string[] {
  // Each side has its own: git writes there at any moment, and one's index is no use to the other.
  return [".git", ...keptHere(folder, secretFiles)];
}
