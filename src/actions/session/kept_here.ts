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
