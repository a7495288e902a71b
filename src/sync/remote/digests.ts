/** Digests that both ends can compute: the output of a pod's program, computed here over the same bytes. */
import { checksumMaker, type NativeChecksums, type NewChecksum } from "../../copy/checksum.ts";

/** How contents are compared. */
export interface Digests {
  /** Prefix of every digest, so that those of two kinds never compare equal. */
  name: string;
  make: NewChecksum;
}

/** Parses a line of `sha256sum` or `cksum`; undefined for another. */
export function sumOfLine(
  line: string,
  program: string,
): { path: string; sum: string } | undefined {
  if (program === "cksum") {
    const [, crc, size, name] = /^(\d{1,10}) (\d{1,16}) (\.\/.+)$/s.exec(line) ?? [];
    return name === undefined ? undefined : { path: name.slice(2), sum: `${crc}-${size}` };
  }
  const [, escaped, hash, name] = /^(\\?)([0-9a-f]{64}) [ *](\.\/.+)$/s.exec(line) ?? [];
  if (name === undefined || hash === undefined) return undefined;
  // GNU writes a backslash first if it has escaped part of the name.
  const plain = escaped === "\\"
    ? name.replaceAll(/\\([\\n])/g, (_, c) => c === "n" ? "\n" : c)
    : name;
  return { path: plain.slice(2), sum: hash };
}

/**
 * Returns digests as a program of the pod prints them. A 32-bit checksum alone would collide too easily: it is combined
 * with the size, as `cksum` prints it, if there is nothing better.
 */
export async function digestsOf(program: string, native: NativeChecksums): Promise<Digests> {
  if (program !== "cksum") return { name: "sha256", make: await native.sha256() };
  const make = await checksumMaker("cksum", native);
  return {
    name: "cksum",
    make() {
      const sum = make();
      let size = 0;
      return {
        update(bytes) {
          size += bytes.length;
          sum.update(bytes);
        },
        result: () => `${sum.result()}-${size}`,
      };
    },
  };
}
