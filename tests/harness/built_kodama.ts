/**
 * kodama of this checkout as its users have it: installed once below `dist/`, for every test that starts the program.
 * A start costs a quarter of one from source, and the launcher with its permissions is under test too.
 */
import type { Metafile } from "esbuild";
import { bundle } from "../../tools/bundle.ts";
import { install } from "../../tools/install.ts";
import { makeSingleFile } from "../../tools/single_file.ts";
import { sha256 } from "../../tools/content_hash.ts";
import { filePath } from "../../src/files/file_path.ts";

const root = filePath(new URL("../../", import.meta.url));
const prefix = `${root}dist/tests`;

/** The sources of an installation, and its build. */
const sources = ["deno.json", "deno.lock", "main.ts", "src", "tools", "workflows"];

let built: Promise<string> | undefined;

/** Returns the prefix, with `bin/kodama` and the other names; installs it if a source has changed since. */
export function builtKodama(): Promise<string> {
  return built ??= build();
}

/** Builds kodama as a single file, like {@link builtKodama}; returns its path. */
export async function builtSingleFile(): Promise<string> {
  const path = `${prefix}/kodama-single-file`;
  const { folder: bundled } = await builtBundle();
  // For a test, the processor time of a compression is wasted.
  await shared("single-file", () => makeSingleFile(path, { bundled, level: 0 }));
  return path;
}

/** Builds the bundle of this checkout, like {@link builtKodama}; returns its folder and esbuild's account of it. */
export async function builtBundle(): Promise<{ folder: string; metafile: Metafile }> {
  const folder = `${prefix}/bundle`;
  await shared("bundle", async () => {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.remove(folder, { recursive: true });
    await Deno.mkdir(folder);
    const { metafile } = await bundle(folder);
    await Deno.writeTextFile(`${folder}.json`, JSON.stringify(metafile));
  });
  return { folder, metafile: JSON.parse(await Deno.readTextFile(`${folder}.json`)) };
}

async function build(): Promise<string> {
  const { folder: bundled } = await builtBundle();
  await shared("installed", () => install(prefix, { bundled }));
  return prefix;
}

/** Builds something below {@link prefix}, unless it was built from the same sources already. */
async function shared(name: string, make: () => Promise<unknown>): Promise<void> {
  await Deno.mkdir(prefix, { recursive: true });
  // Two test runs in one checkout share it.
  using lock = await Deno.open(`${prefix}/lock`, { create: true, write: true });
  await lock.lock(true);
  const stamp = await sourceStamp();
  const stampFile = `${prefix}/${name}.stamp`;
  if (await textOf(stampFile) === stamp) return;
  await make();
  await Deno.writeTextFile(stampFile, stamp);
}

/** Returns a hash over path, size and time of change of every source file, and over the runtime. */
async function sourceStamp(): Promise<string> {
  const lines = [`${Deno.execPath()} ${Deno.version.deno}`];
  const add = (path: string) => {
    const { isDirectory, mtime, size } = Deno.statSync(`${root}${path}`);
    if (!isDirectory) lines.push(`${path} ${size} ${mtime?.getTime()}`);
    else {
      for (const { name } of Deno.readDirSync(`${root}${path}`)) {
        if (!name.endsWith("_test.ts")) add(`${path}/${name}`);
      }
    }
  };
  sources.forEach(add);
  return await sha256(new TextEncoder().encode(lines.toSorted().join("\n")));
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
