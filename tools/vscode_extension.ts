// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * Builds the VS Code extension: `dist/kodama-VERSION.vsix`.
 *
 *     deno task vscode:build
 *
 * esbuild bundles it, and `vsce`, VS Code's own program, packs it: run by npx, because it is needed for nothing else.
 */
import { build, type Plugin, stop } from "esbuild";
import { filePath } from "../src/files/file_path.ts";
import { installPackages } from "./packages.ts";

const root = new URL("../", import.meta.url);
const extension = new URL("editors/vscode/", root);
const vsce = "@vscode/vsce@4.1.0";

/** The extension's largest size, in bytes. */
const limit = 500 * 1024;

/** Modules with large packages, in files of their own: an activation reads none of them. */
const loadedLater = ["language", "manifest", "workflow_file"];

/** Leaves an `import()` of those as it is: a file beside the one that is open. */
const importFilesLater: Plugin = {
  name: "import-files-later",
  setup(build) {
    build.onResolve({ filter: /^\.\/.*\.ts$/ }, ({ path, kind }) => {
      if (kind !== "dynamic-import") return undefined;
      const name = path.slice("./".length, -".ts".length);
      if (!loadedLater.includes(name)) throw new Error(`${path} has no file of its own`);
      return { path: `./${name}.js`, external: true };
    });
  },
};

/** Builds the package in a folder, and returns its path. */
export async function buildExtension(folder: string): Promise<string> {
  await build({
    entryPoints: ["extension", ...loadedLater].map((name) =>
      filePath(new URL(`src/${name}.ts`, extension))
    ),
    outdir: filePath(new URL("dist", extension)),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    // VS Code 1.96 has Node 20.
    target: "node20",
    external: ["vscode"],
    nodePaths: [await installPackages()],
    mainFields: ["module", "main"],
    plugins: [importFilesLater],
    logLevel: "warning",
  });
  await stop();
  const schema = new URL("docs/schema/workflow.schema.json", root);
  const text = JSON.stringify(JSON.parse(await Deno.readTextFile(schema)));
  await Deno.writeTextFile(new URL("dist/workflow.schema.json", extension), text);
  await Deno.copyFile(new URL("LICENSE", root), new URL("LICENSE", extension));
  const { version } = JSON.parse(await Deno.readTextFile(new URL("package.json", extension)));
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/kodama-${version}.vsix`;
  const { code, stdout, stderr } = await new Deno.Command("npx", {
    args: [
      "-y",
      vsce,
      "package",
      "--no-dependencies",
      "--allow-missing-repository",
      "--no-rewrite-relative-links",
      "--out",
      path,
    ],
    cwd: filePath(extension),
  }).output();
  if (code !== 0) {
    const decoder = new TextDecoder();
    throw new Error(`vsce failed:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  }
  const { size } = await Deno.stat(path);
  if (size > limit) throw new Error(`${path} has ${size} bytes; at most ${limit} are allowed`);
  return path;
}

if (import.meta.main) {
  const path = await buildExtension(filePath(new URL("dist", root)));
  const { size } = await Deno.stat(path);
  console.log(`${path}: ${Math.ceil(size / 1024)} KiB`);
}
