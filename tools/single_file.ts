/**
 * kodama as a single executable file, built without any download: `single_file.c` with Deno, the bundle and
 * its data appended. It needs a C compiler and zlib's static library, both available in every Linux distribution.
 */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { bundle, copyBundle } from "./bundle.ts";
import { contentHash } from "./content_hash.ts";
import { installed } from "./deno_flags.ts";
import { launcherText } from "./launcher.ts";
import { readPermissionSet } from "./permissions.ts";
import { MissingProgramError } from "./release/run_program.ts";
import { filePath } from "../src/files/file_path.ts";

/** The machine that the file is for. */
export interface SingleFileTarget {
  /** A C compiler and its flags, which links with a static zlib. */
  compiler: readonly string[];
  /** Path of Deno's executable. */
  deno: string;
}

/** Where it is built for the machine that builds it. */
const thisMachine: SingleFileTarget = { compiler: ["cc"], deno: Deno.execPath() };

/**
 * Builds the executable at `path`; `bundled` is a folder with the bundle, if there is one, and `level` that of zlib's
 * compression. Throws if the compiler is missing or fails.
 */
export async function makeSingleFile(
  path: string,
  { bundled, target = thisMachine, level = 6 }: {
    bundled?: string;
    target?: SingleFileTarget;
    level?: number;
  } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-single-file-" });
  try {
    const content = `${folder}/content`;
    await Deno.mkdir(content);
    await gatherContent(content, { bundled, deno: target.deno });
    await compileStart(`${folder}/start`, target.compiler);
    await append(`${folder}/start`, content, level);
    await Deno.chmod(`${folder}/start`, 0o755);
    await replaceFile(`${folder}/start`, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function gatherContent(
  folder: string,
  { bundled, deno }: { bundled: string | undefined; deno: string },
): Promise<void> {
  await (bundled === undefined ? bundle(folder) : copyBundle(bundled, folder));
  await Deno.copyFile(deno, `${folder}/${installed.deno}`);
  await Deno.chmod(`${folder}/${installed.deno}`, 0o755);
  const sets = {
    kodama: await readPermissionSet("kodama"),
    cluster: await readPermissionSet("cluster"),
  };
  await Deno.writeTextFile(`${folder}/start`, launcherText({ kind: "beside" }, sets));
}

async function compileStart(
  path: string,
  [program = "cc", ...flags]: readonly string[],
): Promise<void> {
  const source = filePath(new URL("single_file.c", import.meta.url));
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  const compiler = new Deno.Command(program, {
    // Without an id of the build, which depends on the compiler's temporary files.
    args: [...flags, "-static", "-O2", "-s", "-Wl,--build-id=none", ...warnings]
      .concat(["-o", path, source, "-lz"]),
    stderr: "piped",
  });
  const hint = "on Debian: apt-get install gcc libc6-dev zlib1g-dev";
  const { success, stderr } = await compiler.output().catch((error) => {
    throw error instanceof Deno.errors.NotFound
      ? new MissingProgramError(`there is no ${program}; ${hint}`)
      : error;
  });
  if (!success) throw new Error(`${program} failed; ${hint}\n${new TextDecoder().decode(stderr)}`);
}

/** Appends stream, index and trailer, in the format that `single_file.c` describes. */
async function append(path: string, content: string, level: number): Promise<void> {
  const hash = await contentHash(content);
  const files = await Array.fromAsync(filesBelow(content));
  const before = (await Deno.stat(path)).size;
  const bytes = async function* () {
    for (const { name } of files) yield await Deno.readFile(`${content}/${name}`);
  };
  await pipeline(bytes(), createGzip({ level }), createWriteStream(path, { flags: "a" }));
  const length = (await Deno.stat(path)).size - before;
  const index = files.map(({ name, size, mode }) => `${mode} ${size} ${name}\n`).join("");
  const lengths = [length, new TextEncoder().encode(index).length]
    .map((number) => number.toString(16).padStart(16, "0"));
  const trailer = `${hash}${lengths.join("")}kodama02`;
  await Deno.writeTextFile(path, index + trailer, { append: true });
}

/** Yields the files below a folder in a fixed order, by their paths in it. */
async function* filesBelow(
  folder: string,
  below = "",
): AsyncGenerator<{ name: string; size: number; mode: string }> {
  const names = await Array.fromAsync(Deno.readDir(`${folder}/${below}`));
  for (const { name, isDirectory } of names.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = below + name;
    if (isDirectory) {
      yield* filesBelow(folder, `${path}/`);
      continue;
    }
    const { size, mode } = await Deno.stat(`${folder}/${path}`);
    yield { name: path, size, mode: ((mode ?? 0) & 0o100) === 0 ? "644" : "755" };
  }
}

/** Moves the file to its path by a rename, whatever its file system. */
async function replaceFile(from: string, to: string): Promise<void> {
  const beside = `${to}.new`;
  await Deno.copyFile(from, beside);
  await Deno.rename(beside, to);
}
