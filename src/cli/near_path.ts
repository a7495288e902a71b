/** Paths of files as a person reads them. */

/** Returns a path below the working directory without it; any other path as it is. */
export function nearPath(path: string, workingDir: string): string {
  return path.startsWith(`${workingDir}/`) ? path.slice(workingDir.length + 1) : path;
}
