/** Checksums of node's libraries: the fast ones, loaded if a pod has no other. */
import { createHash } from "node:crypto";
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
