/**
 * The bundle: kodama as a few minified files that start quickly, and the data files beside them.
 *
 * Every chunk is in one folder, and the data files have their relative paths below it, so that
 * `import.meta.url` means the same from source and installed.
 */
import type { Metafile } from "esbuild";
import { filePath } from "../src/files/file_path.ts";

/** The entry module, below the bundle's folder. */
export const bundleEntry = "main.js";

/** The result of a build. */
export interface Bundle {
  /** esbuild's metafile: inputs and outputs. */
  metafile: Metafile;
  /** Bytes of all JavaScript. */
  bytes: number;
}

/**
 * Writes the bundle and the data files into `folder`, which must exist. A separate process does it: esbuild
 * starts a child process that exits some time after it was stopped, and here no process outlives its call.
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

/** Copies the files of a bundle into `folder`, which must exist. Returns the bytes of its JavaScript. */
export async function copyBundle(bundled: string, folder: string): Promise<Pick<Bundle, "bytes">> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(bundled)) {
    const [from, to] = [`${bundled}/${name}`, `${folder}/${name}`];
    if (isDirectory) {
      await Deno.mkdir(to);
      await copyBundle(from, to);
      continue;
    }
    await Deno.copyFile(from, to);
    if (name.endsWith(".js")) bytes += (await Deno.stat(to)).size;
  }
  return { bytes };
}

/**
 * Deno reads and analyses, before the first statement runs, all that an `import("…")` with a literal string
 * could ever load: the embedded cluster, for `kodama version`. A specifier that it can't analyse is
 * loaded when it is reached.
 */
export function hideLazyImports(text: string): string {
  return text.replaceAll(/\bimport\((".\/[\w-]+\.js")\)/g, "import((0,$1))");
}
