/**
 * Deno's executable as it goes into packages: from Deno's own npm packages, each pinned by its checksum, so that a
 * release contains what Deno has published, whatever runs the build.
 */
import { filePath } from "../../src/files/file_path.ts";
import { runProgram } from "./run_program.ts";

/** The processors that packages for Linux are built for. */
export const architectures = ["x64", "arm64"] as const;
export type Architecture = typeof architectures[number];

/** An npm package that contains Deno's executable. */
export interface Runtime {
  name: string;
  version: string;
  /** As in npm's registry: `sha512-` and the checksum in base64. */
  integrity: string;
}

/** The npm package that kodama's depends on; it brings the executable for the platform. */
export const denoPackage: Runtime = {
  name: "deno",
  version: "2.9.6",
  integrity:
    "sha512-cr16GxYiUeH1juNvFTMOxt99V5QRVmANfy5UsZvE5hjC6P/o4Op/MBbRhLeBOL8WJpV6tr9hb+Kjb1MW0nEoVg==",
};

/** The executables for Linux. */
export const runtimes: Readonly<Record<Architecture, Runtime>> = {
  x64: {
    name: "@deno/linux-x64-glibc",
    version: "2.9.6",
    integrity:
      "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
  },
  // The newest whose checksum could be taken; 2.9.6 differs from it by fixes alone.
  arm64: {
    name: "@deno/linux-arm64-glibc",
    version: "2.9.5",
    integrity:
      "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
  },
};

/** Downloaded packages, which later builds use without a network. */
const downloads = filePath(new URL("../../dist/runtimes/", import.meta.url));

/** Returns the path of Deno's executable for a processor. Throws if its package isn't the pinned one. */
export async function denoExecutable(architecture: Architecture): Promise<string> {
  const folder = await unpacked(runtimes[architecture]);
  return `${folder}/deno`;
}

/** Returns the text of Deno's licence. */
export async function denoLicence(): Promise<string> {
  return await Deno.readTextFile(`${await unpacked(denoPackage)}/LICENSE`);
}

/** Returns the path of a package's archive, as npm's registry has it. Throws if its checksum is another. */
export async function packageArchive({ name, version, integrity }: Runtime): Promise<string> {
  const path = `${pathOf(name, version)}.tgz`;
  if (await isFile(path)) return path;
  await Deno.mkdir(downloads, { recursive: true });
  const staging = await Deno.makeTempDir({ dir: downloads, prefix: ".new-" });
  try {
    const pack = ["npm", "pack", "--silent", "--prefer-offline", `--pack-destination=${staging}`];
    const printed = await runProgram([...pack, `${name}@${version}`]);
    const packed = `${staging}/${printed.trim().split("\n").at(-1)}`;
    const actual = await integrityOf(await Deno.readFile(packed));
    if (actual !== integrity) {
      throw new Error(`${name} ${version} has the checksum ${actual}, not ${integrity}`);
    }
    await Deno.rename(packed, path);
    return path;
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
}

/** Returns the folder of a package's files. */
async function unpacked(runtime: Runtime): Promise<string> {
  const folder = pathOf(runtime.name, runtime.version);
  if (await isFile(`${folder}/package/package.json`)) return `${folder}/package`;
  const archive = await packageArchive(runtime);
  const staging = await Deno.makeTempDir({ dir: downloads, prefix: ".new-" });
  await runProgram(["tar", "-xzf", archive, "-C", staging]);
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  await Deno.rename(staging, folder);
  return `${folder}/package`;
}

function pathOf(name: string, version: string): string {
  return `${downloads}${name.replace(/^@/, "").replace("/", "-")}-${version}`;
}

async function integrityOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
  return `sha512-${digest.toBase64()}`;
}

async function isFile(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(ignoreMissing))?.isFile === true;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
