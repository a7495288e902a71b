// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task release [--out DIR] [--url URL]`: all files of a release, in `dist/release/`.
 *
 * The same commit gives the same bytes: names of chunks are hashes of their content, archives are sorted and of one
 * time, and Deno comes from its published packages (`deno_runtime.ts`). Nothing is downloaded but those, once.
 */
import { bundle } from "../bundle.ts";
import { bundledPackages, kubernetesApi } from "../licences.ts";
import { readPermissionSet } from "../permissions.ts";
import { sayFailure } from "../say_failure.ts";
import { makeSingleFile } from "../single_file.ts";
import { version } from "../../src/cli/version.ts";
import { filePath } from "../../src/files/file_path.ts";
import { fileSha256, writeTarGz } from "./archive.ts";
import { arm64Compiler } from "./arm64_compiler.ts";
import { allLicences, makeDebianPackage } from "./debian.ts";
import { type Architecture, architectures, denoExecutable, runtimes } from "./deno_runtime.ts";
import { folderName, makeFolderArchive } from "./folder_archive.ts";
import { homebrewFormula, krewManifest, type ReleaseFile } from "./manifests.ts";
import { makeNpmPackage } from "./npm_package.ts";
import { makeImage } from "./oci_image.ts";
import type { ReleaseInput } from "./release_input.ts";
import { MissingProgramError, runProgram } from "./run_program.ts";
import { billOfMaterials, type BundledPackage } from "./sbom.ts";

const root = new URL("../../", import.meta.url);

/** Stands for the address of the downloads, if none is given. `deno task release:check` refuses it. */
export const unknownUrl = "URL";

/** Options of a release. */
export interface ReleaseOptions {
  /** The folder of the files, an absolute path; it is emptied first. */
  out: string;
  /** The address below which the files can be downloaded. */
  url: string;
}

/** The result of a build: names of files, and why others couldn't be made on this machine. */
export interface Release {
  names: string[];
  unmade: string[];
}

/** Makes all files of a release that this machine has the compilers for. */
export async function release({ out, url }: ReleaseOptions): Promise<Release> {
  // What is packed has the modes that it is made with.
  Deno.umask(0o022);
  await Deno.remove(out, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(out, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "kodama-release-" });
  try {
    const bundled = `${work}/bundle`;
    await Deno.mkdir(bundled);
    const { metafile } = await bundle(bundled);
    const input: ReleaseInput = {
      version,
      seconds: await releaseTime(),
      bundled,
      work,
      licence: await Deno.readTextFile(new URL("LICENSE", root)),
      sets: {
        kodama: await readPermissionSet("kodama"),
        cluster: await readPermissionSet("cluster"),
      },
    };
    const fileOf = async (name: string): Promise<ReleaseFile> => ({
      name,
      sha256: await fileSha256(`${out}/${name}`),
    });
    const npm = await makeNpmPackage(out, input);
    const unmade: string[] = [];
    const archives: Partial<Record<Architecture, ReleaseFile>> = {};
    for (const architecture of architectures) {
      await makeFolderArchive(out, input, architecture);
      await makeDebianPackage(out, input, architecture);
      const name = `${folderName(version, architecture)}.tar.gz`;
      try {
        await makeArchive(`${out}/${name}`, input, architecture);
        archives[architecture] = await fileOf(name);
      } catch (error) {
        if (!(error instanceof MissingProgramError)) throw error;
        unmade.push(`${name}: ${error.message}`);
      }
    }
    const { debian } = await makeImage(out, input);
    const described = { version, url };
    await Deno.writeTextFile(`${out}/kodama.krew.yaml`, krewManifest(described, archives));
    await Deno.writeTextFile(
      `${out}/kodama.rb`,
      homebrewFormula(described, await fileOf(npm)),
    );
    const packages = await withIntegrity(await bundledPackages(metafile, root));
    await Deno.writeTextFile(
      `${out}/kodama-${version}.cdx.json`,
      billOfMaterials(version, {
        packages,
        kubernetes: await kubernetesApi(root),
        runtimes: Object.values(runtimes),
        debian,
      }),
    );
    const names = await namesIn(out);
    const sums: string[] = [];
    for (const name of names) sums.push(`${await fileSha256(`${out}/${name}`)}  ${name}\n`);
    await Deno.writeTextFile(`${out}/SHA256SUMS`, sums.join(""));
    return { names: [...names, "SHA256SUMS"], unmade };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Writes the single file and the licences of what is in it, as an archive.
 *
 * @throws MissingProgramError
 */
async function makeArchive(
  path: string,
  input: ReleaseInput,
  architecture: Architecture,
): Promise<void> {
  const content = `${input.work}/single-${architecture}`;
  await Deno.mkdir(content);
  const compiler = architecture === "x64" ? ["cc"] : await arm64Compiler();
  const target = { compiler, deno: await denoExecutable(architecture) };
  await makeSingleFile(`${content}/kodama`, { bundled: input.bundled, target });
  await Deno.writeTextFile(`${content}/LICENSES.txt`, await allLicences(input));
  const names = ["kodama", "LICENSES.txt"];
  await writeTarGz(path, content, { seconds: input.seconds, names });
}

/** Returns the time of the commit in seconds; `SOURCE_DATE_EPOCH`, if it is set, is another. */
async function releaseTime(): Promise<number> {
  const text = Deno.env.get("SOURCE_DATE_EPOCH") ??
    await runProgram(["git", "log", "-1", "--format=%ct"], { cwd: filePath(root) });
  const seconds = Number(text.trim());
  if (!Number.isSafeInteger(seconds)) throw new Error(`${text.trim()} is not a time in seconds`);
  return seconds;
}

/** Adds the checksums that `deno.lock` has of the packages. */
async function withIntegrity(
  packages: readonly { name: string; version: string; license: string | undefined }[],
): Promise<BundledPackage[]> {
  const text = await Deno.readTextFile(new URL("deno.lock", root));
  const { npm } = JSON.parse(text) as { npm: Record<string, { integrity: string }> };
  // A key also names the versions of peers: `@ai-sdk/openai@4.0.118_zod@4.6.7`.
  const locked = new Map(
    Object.entries(npm).map(([key, { integrity }]) => [key.replace(/(?<=.)_.*$/, ""), integrity]),
  );
  return packages.map(({ name, version, license }) => {
    const integrity = locked.get(`${name}@${version}`);
    if (integrity === undefined) throw new Error(`deno.lock has no ${name} ${version}`);
    return { name, version, license, integrity };
  });
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).toSorted();
}

/** Returns the options of the command line. Throws on any other. */
export function parseReleaseOptions(args: readonly string[]): ReleaseOptions {
  const options = { out: filePath(new URL("dist/release", root)), url: unknownUrl };
  const values = args.flatMap((arg) => {
    const at = arg.startsWith("--") ? arg.indexOf("=") : -1;
    return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
  });
  for (let index = 0; index < values.length; index += 2) {
    const [flag, value] = values.slice(index, index + 2);
    if (value === undefined || value === "" || (flag !== "--out" && flag !== "--url")) {
      throw new Error("usage: deno task release [--out DIR] [--url URL]");
    }
    if (flag === "--url") options.url = value.replace(/\/+$/, "");
    else options.out = value.startsWith("/") ? value : `${Deno.cwd()}/${value}`;
  }
  return options;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function main(): Promise<number> {
  const options = parseReleaseOptions(Deno.args);
  const { names, unmade } = await release(options);
  console.log(`Made in ${options.out}:`);
  for (const name of names) {
    const { size } = await Deno.stat(`${options.out}/${name}`);
    console.log(`  ${(size / 1024 / 1024).toFixed(1).padStart(6)} MiB  ${name}`);
  }
  for (const reason of unmade) console.log(`Not made: ${reason}`);
  if (options.url === unknownUrl) {
    console.log("kodama.krew.yaml and kodama.rb have URL for the downloads' address: give --url");
  }
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(main));
