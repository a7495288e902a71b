/** Paths as a person writes them, made whole. */

/** The absolute path, without `.`, `..` and doubled slashes; `path` is relative to the working directory, or absolute. */
export function absolutePath(path: string, workingDir: string): string {
  const whole = /^(?:\/|[A-Za-z]:[\\/])/.test(path) ? path : `${workingDir}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return whole.startsWith("/") ? `/${parts.join("/")}` : parts.join("/");
}
