/** Absolute paths from paths that a user gives relative to a folder, and the other way. */

/**
 * Returns the absolute path, without `.`, `..` and doubled slashes.
 *
 * @param path absolute, also in Windows syntax, or relative to `workingDir`.
 */
export function absolutePath(path: string, workingDir: string): string {
  const whole = /^(?:\/|[A-Za-z]:[\\/])/.test(path) ? path : `${workingDir}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return whole.startsWith("/") ? `/${parts.join("/")}` : parts.join("/");
}

/** Returns a path below the working directory relative to it; any other path unchanged. */
export function nearPath(path: string, workingDir: string): string {
  return path.startsWith(`${workingDir}/`) ? path.slice(workingDir.length + 1) : path;
}
