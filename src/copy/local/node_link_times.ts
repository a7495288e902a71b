/** Times of symbolic links; Deno's own functions set those of the target. */
import { lutimesSync } from "node:fs";

/** Sets when a link was last changed, in seconds since 1970. Throws as Deno's functions for files do. */
export function setLinkTime(path: string, mtime: number): void {
  lutimesSync(path, mtime, mtime);
}
