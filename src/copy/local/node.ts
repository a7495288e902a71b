/** Functions that only Node's libraries have, or have in a fast form. Loaded on use: they take milliseconds to load. */
import { createHash } from "node:crypto";
import { lutimesSync } from "node:fs";
import { crc32 as crc32Of } from "node:zlib";
import type { Checksum } from "../checksum.ts";

/** As `crc32` prints it. */
export function crc32(): Checksum {
  let value = 0;
  return {
    update: (bytes) => void (value = crc32Of(bytes, value)),
    result: () => value.toString(16).padStart(8, "0"),
  };
}

/** As `sha256sum` prints it. */
export function sha256(): Checksum {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    result: () => hash.copy().digest("hex"),
  };
}

/**
 * Sets when a link was last changed, in seconds since 1970; Deno's own functions set the time of its target. Throws as
 * they do.
 */
export function setLinkTime(path: string, mtime: number): void {
  lutimesSync(path, mtime, mtime);
}
