/**
 * Builds the page of `kodama web`: `index.html`, and `assets/NAME-HASH.*` with a `.gz` of each beside it.
 *
 *     deno run -P=tools tools/web_page.ts       # into dist/web, if it isn't up to date; prints its path
 *
 * A bundle has the page in its folder `web` (`bundle_program.ts`); from source, `src/host/web_page.ts` runs this.
 */
import { build, type Metafile, type Plugin, stop } from "esbuild";
import { filePath } from "../src/files/file_path.ts";
import { resolveForDeno } from "./bundle_plugins.ts";
import { installPackages } from "./packages.ts";

const root = new URL("../", import.meta.url);
const source = "src/web/page";

/** The files that `index.html` names as `{{NAME}}`, by their sources. */
const named = {
  theme: `${source}/theme.ts`,
  page: `${source}/page.css`,
  main: `${source}/main.tsx`,
  icon: `${source}/icon.svg`,
} as const;

/** Writes the page into `folder`, which must not exist; returns esbuild's metafile. */
export async function buildWebPage(folder: string, modules: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: filePath(root),
    entryPoints: Object.values(named),
    outdir: `${folder}/assets`,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: ["chrome123", "firefox121", "safari17.5"],
    minify: true,
    legalComments: "none",
    metafile: true,
    loader: { ".svg": "copy" },
    jsx: "automatic",
    jsxImportSource: "preact",
    nodePaths: [modules],
    plugins: [xtermWithoutInlineStyles(), resolveForDeno(modules)],
    logLevel: "warning",
  });
  let html = await Deno.readTextFile(new URL(`${source}/index.html`, root));
  for (const [name, input] of Object.entries(named)) {
    const asset = outputOf(metafile, input);
    html = html.replaceAll(`{{${name}}}`, `assets/${asset.slice(asset.lastIndexOf("/") + 1)}`);
  }
  await Deno.writeTextFile(`${folder}/index.html`, html.replaceAll(/>\s+</g, "><"));
  for await (const { name } of Deno.readDir(`${folder}/assets`)) {
    await compress(`${folder}/assets/${name}`);
  }
  return metafile;
}

function outputOf({ outputs }: Metafile, input: string): string {
  const found = Object.entries(outputs).find(([, { inputs, entryPoint }]) =>
    entryPoint === input || (entryPoint === undefined && Object.keys(inputs).join() === input)
  );
  if (found === undefined) throw new Error(`the page has no ${input}`);
  return found[0];
}

/**
 * The page's policy allows no style in a document or an attribute. xterm writes both, and has no option for a nonce: here
 * its style elements become elements of our own, which adopt a sheet (`terminal.tsx`), and its attributes properties.
 */
function xtermWithoutInlineStyles(): Plugin {
  const replacements: [before: string, after: string, times: number][] = [
    ['createElement("style")', 'createElement("adopted-style")', 3],
    [
      't.setAttribute("style",`${t.getAttribute("style")||""}${e};`)',
      "t.style.cssText+=`${e};`",
      1,
    ],
  ];
  return {
    name: "xterm-without-inline-styles",
    setup(build) {
      build.onLoad({ filter: /\/@xterm\/xterm\/lib\/xterm\.mjs$/ }, async ({ path }) => {
        let contents = await Deno.readTextFile(path);
        for (const [before, after, times] of replacements) {
          const parts = contents.split(before);
          if (parts.length !== times + 1) {
            throw new Error(`xterm has changed: ${parts.length - 1} times ${before}`);
          }
          contents = parts.join(after);
        }
        return { contents, loader: "js" };
      });
    },
  };
}

async function compress(path: string): Promise<void> {
  const file = await Deno.open(path);
  const compressed = file.readable.pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${path}.gz`, compressed);
}

/* From source: built once, and again when a source has changed. */

/** Of a build: the state of each of its inputs. */
type Inputs = Record<string, string>;

/** Returns the path of the page of this checkout, after building it if it isn't up to date. */
async function upToDatePage(): Promise<string> {
  const dist = filePath(new URL("dist/", root));
  await Deno.mkdir(dist, { recursive: true });
  using lock = await Deno.open(`${dist}web.lock`, { create: true, write: true });
  await lock.lock(true);
  const [folder, stamp] = [`${dist}web`, `${dist}web.inputs.json`];
  if (await isUpToDate(stamp)) return folder;
  await Deno.remove(stamp).catch(ignoreMissing);
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  try {
    const { inputs } = await buildWebPage(folder, await installPackages());
    const paths = [
      ...Object.keys(inputs),
      `${source}/index.html`,
      "tools/web_page.ts",
      "deno.lock",
    ];
    await Deno.writeTextFile(stamp, JSON.stringify(Object.fromEntries(paths.map(stateOf))));
  } finally {
    await stop();
  }
  return folder;
}

async function isUpToDate(stamp: string): Promise<boolean> {
  try {
    const inputs = JSON.parse(await Deno.readTextFile(stamp)) as Inputs;
    return Object.entries(inputs).every(([path, state]) => stateOf(path)[1] === state);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function stateOf(path: string): [path: string, state: string] {
  const { size, mtime } = Deno.statSync(new URL(path, root));
  return [path, `${size} ${mtime?.getTime()}`];
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) {
  const path = new TextEncoder().encode(await upToDatePage());
  await new Blob([path]).stream().pipeTo(Deno.stdout.writable);
}
