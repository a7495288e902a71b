// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task install [--prefix DIR]`: installs kodama's commands.
 *
 *     PREFIX/lib/kodama/HASH/    bundle, data files, Deno itself, code cache
 *     PREFIX/bin/NAME            launchers, each of which names one HASH
 *
 * A version is complete before a launcher names it, and each launcher is replaced by a rename: kodama is never
 * installed partially. The previous version is retained, and so is any from which a process still runs.
 */
import { bundle, copyBundle } from "./bundle.ts";
import { contentHash, sha256 } from "./content_hash.ts";
import { installed } from "./deno_flags.ts";
import {
  launcherNames,
  launcherText,
  pluginCompletionName,
  pluginCompletionText,
} from "./launcher.ts";
import { removeOldVersions, runningCommandLines } from "./old_versions.ts";
import { parsePrefix, type Prefix, prefixAt } from "./prefix.ts";
import { readPermissionSet } from "./permissions.ts";
import { sayFailure } from "./say_failure.ts";
import { warmCodeCache } from "./warm_code_cache.ts";

/** The result of an installation. */
export interface Installation {
  prefix: Prefix;
  /** The folder of the version that the launchers name now. */
  version: string;
  /** Bytes of the bundle's JavaScript. */
  bundleBytes: number;
}

/** Installs the checkout below `path`, an absolute path; `bundled` is a folder with its bundle, if there is one. */
export async function install(
  path: string,
  { bundled }: { bundled?: string } = {},
): Promise<Installation> {
  const prefix = prefixAt(path);
  await Deno.mkdir(prefix.versions, { recursive: true });
  await Deno.mkdir(prefix.bin, { recursive: true });
  const staging = await Deno.makeTempDir({ dir: prefix.versions, prefix: ".new-" });
  try {
    const { bytes } = bundled === undefined
      ? await bundle(staging)
      : await copyBundle(bundled, staging);
    const version = `${prefix.versions}/${await versionName(staging)}`;
    await placeDeno(`${staging}/${installed.deno}`);
    await Deno.chmod(staging, 0o755);
    const before = await namedVersion(prefix);
    await moveIntoPlace(staging, version);
    // A launcher names a version whose cache is complete.
    if (before !== version) await warmCodeCache(version);
    await writeLaunchers(prefix, version);
    if (before !== version) {
      await removeOldVersions(prefix.versions, [version, before], await runningCommandLines());
    }
    return { prefix, version, bundleBytes: bytes };
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(ignoreMissing);
  }
}

/** Returns a name for an installation: the same bundle under the same Deno has the same. */
async function versionName(folder: string): Promise<string> {
  const text = `${await contentHash(folder)} ${Deno.version.deno}`;
  return (await sha256(new TextEncoder().encode(text))).slice(0, 16);
}

/** Makes a hard link, which costs nothing; a copy if it is on another file system or owned by someone else. */
async function placeDeno(path: string): Promise<void> {
  try {
    await Deno.link(Deno.execPath(), path);
  } catch {
    await Deno.copyFile(Deno.execPath(), path);
    await Deno.chmod(path, 0o755);
  }
}

/** The same content under the same path is the same version: installing twice changes nothing. */
async function moveIntoPlace(staging: string, version: string): Promise<void> {
  const there = await Deno.stat(`${version}/${installed.deno}`).catch(ignoreMissing);
  if (there?.isFile) return;
  await Deno.remove(version, { recursive: true }).catch(ignoreMissing);
  await Deno.rename(staging, version);
}

async function writeLaunchers(prefix: Prefix, version: string): Promise<void> {
  const sets = {
    kodama: await readPermissionSet("kodama"),
    cluster: await readPermissionSet("cluster"),
  };
  const text = launcherText({ kind: "folder", path: version }, sets);
  for (const name of launcherNames) await placeScript(`${prefix.bin}/${name}`, text);
  await placeScript(`${prefix.bin}/${pluginCompletionName}`, pluginCompletionText());
}

async function placeScript(path: string, text: string): Promise<void> {
  const [folder, name] = [
    path.slice(0, path.lastIndexOf("/")),
    path.slice(path.lastIndexOf("/") + 1),
  ];
  const temporary = await Deno.makeTempFile({ dir: folder, prefix: `.${name}-` });
  await Deno.writeTextFile(temporary, text);
  await Deno.chmod(temporary, 0o755);
  await Deno.rename(temporary, path);
}

/** Returns the version that the launcher currently names. */
async function namedVersion(prefix: Prefix): Promise<string | undefined> {
  const text = await Deno.readTextFile(`${prefix.bin}/kodama`).catch(ignoreMissing);
  const hash = text === undefined ? undefined : /^home=.*\/([0-9a-f]{16})'?$/m.exec(text)?.[1];
  return hash === undefined ? undefined : `${prefix.versions}/${hash}`;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Returns the note about PATH: a command that can't be found counts as not installed for the person. */
export function pathAdvice(bin: string, path: string | undefined): string {
  return (path ?? "").split(":").includes(bin)
    ? `${bin} is on your PATH.`
    : `${bin} isn't on your PATH. Add it: export PATH="${bin}:$PATH"`;
}

async function main(): Promise<number> {
  const { prefix, bundleBytes } = await install(parsePrefix(Deno.args));
  console.log(`Installed ${launcherNames.join(", ")} in ${prefix.bin}`);
  console.log(`The bundle has ${Math.round(bundleBytes / 1024)} KiB; Deno is linked beside it.`);
  console.log(pathAdvice(prefix.bin, Deno.env.get("PATH")));
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(main));
