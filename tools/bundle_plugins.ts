/** esbuild plugins for kodama: paths of source files, and which form of a package to use. */
import type { Loader, Plugin } from "esbuild";
import { builtinModules } from "node:module";
import { filePath } from "../src/files/file_path.ts";

/**
 * Makes `import.meta.url` of a source file resolve to its path below the bundle's folder, which contains the data
 * files beside it too. The chunks are in that folder itself, so their own URL is the base.
 */
export function sourcePlaces(root: URL): Plugin {
  return {
    name: "source-places",
    setup(build) {
      build.onLoad({ filter: /\.ts$/, namespace: "file" }, async ({ path, with: attributes }) => {
        // A source of AssemblyScript is a text, not a module.
        if (!path.startsWith(filePath(root)) || attributes["type"] === "text") return undefined;
        const text = await Deno.readTextFile(path);
        const place = path.slice(filePath(root).length);
        const other = /import\.meta\.(dirname|filename|resolve)/.exec(text);
        if (other) throw new Error(`${place}: ${other[0]} can't be bundled; use import.meta.url`);
        const contents = text.replaceAll(
          /\bimport\.meta\.url\b/g,
          `new URL(${JSON.stringify(place)}, import.meta.url).href`,
        );
        return { contents, loader: "ts" satisfies Loader };
      });
    },
  };
}

/**
 * Puts the modules that start together into one chunk: a start of 75 small files takes twice as long as one of ten.
 *
 * esbuild makes a separate chunk for each set of modules that the same entries reach, and each lazy import is an
 * entry. Here all of them but those of `apart` reach all of `together`, so that these are one such set.
 */
export function startTogether(
  root: URL,
  { together, apart }: { together: readonly string[]; apart: readonly string[] },
): Plugin {
  const home = filePath(root);
  return {
    name: "start-together",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, kind, importer }) => {
        if (kind !== "dynamic-import") return undefined;
        // As a path of the source tree: it is part of the chunk's name, which is the same in every checkout.
        const module = filePath(new URL(path, `file://${importer}`)).slice(home.length);
        return apart.includes(module) ? undefined : { path: module, namespace: "beside" };
      });
      build.onLoad({ filter: /.*/, namespace: "beside" }, ({ path }) => ({
        contents: `import "together:"; export * from ${JSON.stringify(`./${path}`)};`,
        resolveDir: home,
      }));
      build.onResolve({ filter: /^together:$/ }, ({ path }) => ({ path, namespace: "together" }));
      build.onLoad({ filter: /.*/, namespace: "together" }, () => ({
        contents: together.map((path) => `import ${JSON.stringify(`./${path}`)};`).join(""),
        resolveDir: home,
      }));
    },
  };
}

/**
 * Packages whose form for node would load node's compatibility layer, or whose CommonJS form, if it is
 * imported on demand, has its names one level deeper in a bundle than from source.
 */
const forms: Readonly<Record<string, string>> = {
  "fastest-levenshtein": "fastest-levenshtein/esm/mod.js",
  "jsonc-parser": "jsonc-parser/lib/esm/main.js",
  "yaml": "yaml/browser/index.js",
};

/** Uses each package in the form that is cheapest under Deno. */
export function resolveForDeno(modules: string): Plugin {
  const builtins = new Set(builtinModules);
  return {
    name: "resolve-for-deno",
    setup(build) {
      build.onResolve({ filter: /^[\w@]/ }, ({ path, kind }) => {
        const form = forms[path];
        if (form !== undefined) return { path: `${modules}/${form}` };
        const name = path.replace(/^node:/, "");
        if (!builtins.has(name)) return undefined;
        if (kind === "require-call") return { path: name, namespace: "required-builtin" };
        // Deno knows its builtins only by their full names.
        return { path: `node:${name}`, external: true };
      });
      // An ES module has no `require`; Deno provides builtins this way.
      build.onLoad({ filter: /.*/, namespace: "required-builtin" }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule("node:${path}");`,
      }));
    },
  };
}
