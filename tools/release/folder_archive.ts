/**
 * kodama as a folder that runs wherever it is unpacked, with nothing to install: for any Linux with glibc.
 *
 *     bin/NAME         launchers, which follow links to them
 *     lib/             the bundle, its data, Deno
 *     completions/     of shells
 */
import { copyBundle } from "../bundle.ts";
import { installed } from "../deno_flags.ts";
import {
  followLinks,
  launcherText,
  pluginCompletionName,
  pluginCompletionText,
} from "../launcher.ts";
import { writeTarXz } from "./archive.ts";
import { allLicences, completionText, writeScript } from "./debian.ts";
import { type Architecture, denoExecutable } from "./deno_runtime.ts";
import type { ReleaseInput } from "./release_input.ts";

/** Returns the name of the archive, and of the folder in it. */
export function folderName(version: string, architecture: Architecture): string {
  return `kodama-${version}-linux-${architecture}`;
}

/** Writes `kodama-VERSION-linux-ARCHITECTURE.tar.xz` into `folder`. */
export async function makeFolderArchive(
  folder: string,
  input: ReleaseInput,
  architecture: Architecture,
): Promise<void> {
  const content = `${input.work}/folder-${architecture}`;
  const name = folderName(input.version, architecture);
  const root = `${content}/${name}`;
  for (const path of ["bin", "lib", "completions"]) {
    await Deno.mkdir(`${root}/${path}`, { recursive: true });
  }
  await copyBundle(input.bundled, `${root}/lib`);
  await Deno.copyFile(await denoExecutable(architecture), `${root}/lib/${installed.deno}`);
  await Deno.chmod(`${root}/lib/${installed.deno}`, 0o755);
  const lines = `${followLinks}\nhome=$home/../lib\ndeno=$home/${installed.deno}`;
  await writeScript(`${root}/bin/kodama`, launcherText({ kind: "found", lines }, input.sets));
  for (const link of ["kpod", "kubectl-kodama"]) {
    await Deno.symlink("kodama", `${root}/bin/${link}`);
  }
  await writeScript(`${root}/bin/${pluginCompletionName}`, pluginCompletionText());
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await completionText(input.bundled, shell);
    await Deno.writeTextFile(`${root}/completions/kodama.${shell}`, text);
  }
  await Deno.writeTextFile(`${root}/LICENSES.txt`, await allLicences(input));
  await writeTarXz(`${folder}/${name}.tar.xz`, content, { seconds: input.seconds, names: [name] });
}
