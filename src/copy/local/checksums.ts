/** Checksums of this machine's own libraries, loaded on demand. */
import type { NativeChecksums } from "../checksum.ts";

/** `crc32` and `sha256sum`, as these programs print them. */
export const nativeChecksums: NativeChecksums = {
  crc32: async () => (await import("./node_checksums.ts")).crc32,
  sha256: async () => (await import("./node_checksums.ts")).sha256,
};
