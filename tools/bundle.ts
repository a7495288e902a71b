/**
 * The bundle: kodama as a few minified files that start fast, and the data files beside them.
 *
 * Every chunk lies in one folder, and the data files keep their places below it, so that
 * `import.meta.url` means the same from source and installed.
 */
import type { Metafile } from "esbuild";
import { filePath } from "../src/wiring/file_path.ts";

/** The module that Deno is started with, below the bundle's folder. */
export const bundleEntry = "main.js";

/** What was written. */
export interface Bundle {
  /** esbuild's account of inputs and outputs. */
  metafile: Metafile;
  /** Bytes of all JavaScript. */
  bytes: number;
}

/**
 * Writes the bundle and the data files into `folder`, which must exist. A process of its own does it: esbuild
 * leaves one of its own behind that ends some time after it was told to, and here nothing outlives its call.
 */
export async function bundle(folder: string): Promise<Bundle> {
  const root = new URL("../", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-P=tools",
      filePath(new URL("tools/bundle_program.ts", root)),
      folder,
    ],
    cwd: filePath(root),
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`the bundle can't be made: ${decoder.decode(stderr).trim()}`);
  return JSON.parse(decoder.decode(stdout)) as Bundle;
}

/**
 * Deno reads and analyses, before the first statement runs, all that an `import("…")` with a plain text
 * could ever load: the embedded cluster, for `kodama version`. A text that it doesn't see through is
 * loaded when its turn comes.
 */
export function hideLazyImports(text: string): string {
  return text.replaceAll(/\bimport\((".\/[\w-]+\.js")\)/g, "import((0,$1))");
}
