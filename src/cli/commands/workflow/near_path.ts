/** File paths as text. */

/** Returns a path below the working directory relative to it; any other path unchanged. */
export function nearPath(path: string, workingDir: string): string {
  return path.startsWith(`${workingDir}/`) ? path.slice(workingDir.length + 1) : path;
}
