/**
 * The program behind `bundle.ts`: `deno run -P=tools tools/bundle_program.ts FOLDER` writes the bundle into the
 * folder, and reports on standard output as JSON.
 */
import { build, type BuildOptions, stop } from "esbuild";
import { type Bundle, hideLazyImports } from "./bundle.ts";
import { copyData } from "./data_files.ts";
import { installed } from "./deno_flags.ts";
import { resolveForDeno, sourcePlaces, startTogether } from "./bundle_plugins.ts";
import { execModules, lightModules } from "./hot_path.ts";
import { writeLicences } from "./licences.ts";
import { installPackages } from "./packages.ts";
import { buildWebPage } from "./web_page.ts";
import { filePath } from "../src/files/file_path.ts";

const root = new URL("../", import.meta.url);

async function writeBundle(folder: string): Promise<Bundle> {
  try {
    const modules = await installPackages();
    const { metafile, outputFiles } = await build(buildOptions(folder, modules));
    await build(warmOptions(folder, modules));
    for (const { path, text } of outputFiles) await Deno.writeTextFile(path, hideLazyImports(text));
    await copyData(root, folder);
    const page = await buildWebPage(`${folder}/web`, modules);
    // The page's packages are in the bundle too.
    metafile.inputs = { ...page.inputs, ...metafile.inputs };
    await writeLicences(metafile, root, `${folder}/LICENSES.txt`);
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    return { metafile, bytes };
  } finally {
    await stop();
  }
}

function buildOptions(folder: string, modules: string) {
  return {
    absWorkingDir: filePath(root),
    entryPoints: ["main.ts"],
    outdir: folder,
    write: false,
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    // Builtins stay imports; the plugin excludes them from the hot path, and `neutral` would not
    // let the cluster have them.
    platform: "node",
    target: "esnext",
    minify: true,
    keepNames: false,
    legalComments: "none",
    metafile: true,
    nodePaths: [modules],
    plugins: [
      startTogether(root, { together: execModules, apart: lightModules }),
      sourcePlaces(root),
      resolveForDeno(modules),
    ],
    logLevel: "warning",
  } satisfies BuildOptions;
}

/** Of the program that fills the code cache: one file, which shares no chunk with kodama. */
function warmOptions(folder: string, modules: string) {
  return {
    ...buildOptions(folder, modules),
    entryPoints: [{ in: "tools/warm_code_cache.ts", out: installed.warm.replace(/\.js$/, "") }],
    write: true,
    splitting: false,
  } satisfies BuildOptions;
}

const report = JSON.stringify(await writeBundle(Deno.args[0] ?? "dist"));
await new Blob([report]).stream().pipeTo(Deno.stdout.writable);
