/** Files of a synced folder that stay on this machine: those whose variables go into the session's Secret. Pure. */

/**
 * Returns ignore patterns, one for each of the files that are in the folder. Anyone who may exec in the pod, or
 * snapshot it, can read its files; access to a Secret is a separate right.
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
 * Returns the ignore patterns of every sync with a session's workspace.
 *
 * @param secretFiles absolute paths, as {@link keptHere} takes them.
 */
export function excludedFromWorkspace(folder: string, secretFiles: readonly string[]): string[] {
  return [
    // This machine's kodama obeys these, in any folder: a program in the pod doesn't write them.
    ".kodama.yaml",
    ".kodama",
    ".kodamaignore",
    ...keptHere(folder, secretFiles),
  ];
}
