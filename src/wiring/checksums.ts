/** Checksums of this machine's own libraries. Node's are the fast ones, and loaded when they are asked for. */
import type { NativeChecksums } from "../copy/checksum.ts";

/** `crc32` and `sha256sum`, as these programs print them. */
export const nativeChecksums: NativeChecksums = {
  async crc32() {
    const { crc32 } = await import("node:zlib");
    return () => {
      let value = 0;
      return {
        update: (bytes) => void (value = crc32(bytes, value)),
        result: () => value.toString(16).padStart(8, "0"),
      };
    };
  },
  async sha256() {
    const { createHash } = await import("node:crypto");
    return () => {
      const hash = createHash("sha256");
      return {
        update: (bytes) => void hash.update(bytes),
        result: () => hash.copy().digest("hex"),
      };
    };
  },
};
