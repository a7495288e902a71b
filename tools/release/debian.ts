/**
 * The Debian package: kodama and its Deno in `/usr/lib/kodama`, launchers in `/usr/bin`, completions, the licences.
 *
 * It depends on the C library alone, which every Debian has. It is compressed by gzip: xz makes it a quarter smaller,
 * in ten times the time.
 */
import { installed, warmLine } from "../deno_flags.ts";
import { launcherText, pluginCompletionName, pluginCompletionText } from "../launcher.ts";
import { copyBundle } from "../bundle.ts";
import { type Architecture, denoExecutable, denoLicence } from "./deno_runtime.ts";
import type { ReleaseInput } from "./release_input.ts";
import { runProgram } from "./run_program.ts";

/** Debian's name of a processor. */
const debianNames: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };

const home = "/usr/lib/kodama";

/** The path of each shell's completion. */
const completions: Readonly<Record<string, string>> = {
  bash: "/usr/share/bash-completion/completions/kodama",
  zsh: "/usr/share/zsh/vendor-completions/_kodama",
  fish: "/usr/share/fish/vendor_completions.d/kodama.fish",
};

/** Writes `kodama_VERSION_ARCHITECTURE.deb` into `folder`. Returns its name. */
export async function makeDebianPackage(
  folder: string,
  input: ReleaseInput,
  architecture: Architecture,
): Promise<string> {
  const root = `${input.work}/debian-${architecture}`;
  await fillSystem(root, input, architecture);
  await Deno.mkdir(`${root}/DEBIAN`);
  const name = `kodama_${input.version}_${debianNames[architecture]}.deb`;
  const size = await installedKiB(root);
  await Deno.writeTextFile(`${root}/DEBIAN/control`, control(input.version, architecture, size));
  await writeScript(`${root}/DEBIAN/postinst`, postinst);
  await writeScript(`${root}/DEBIAN/prerm`, prerm);
  await runProgram([
    ...["dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build", root, `${folder}/${name}`],
  ], { env: { SOURCE_DATE_EPOCH: String(input.seconds) } });
  return name;
}

/** Puts kodama's files into a system's folder: as the package installs them, and as the image has them. */
export async function fillSystem(
  root: string,
  input: ReleaseInput,
  architecture: Architecture,
): Promise<void> {
  await Deno.mkdir(root + home, { recursive: true });
  await copyBundle(input.bundled, root + home);
  await Deno.copyFile(await denoExecutable(architecture), `${root}${home}/${installed.deno}`);
  await Deno.chmod(`${root}${home}/${installed.deno}`, 0o755);
  await Deno.mkdir(`${root}/usr/bin`);
  const launcher = launcherText({ kind: "folder", path: home }, input.sets);
  await writeScript(`${root}/usr/bin/kodama`, launcher);
  for (const name of ["kpod", "kubectl-kodama"]) {
    await Deno.symlink("kodama", `${root}/usr/bin/${name}`);
  }
  await writeScript(`${root}/usr/bin/${pluginCompletionName}`, pluginCompletionText());
  for (const [shell, path] of Object.entries(completions)) {
    await Deno.mkdir(root + path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(root + path, await completionText(input.bundled, shell));
    // bash and fish look for a file of the command's name; zsh's names all of them.
    const [file = "", ...folders] = path.split("/").toReversed();
    const link = [file.replace("kodama", "kpod"), ...folders].toReversed().join("/");
    if (shell !== "zsh") await Deno.symlink(file, root + link);
  }
  const documents = `${root}/usr/share/doc/kodama`;
  await Deno.mkdir(documents, { recursive: true });
  await Deno.writeTextFile(`${documents}/copyright`, await allLicences(input));
}

/** Returns the licences of kodama, of Deno, and of the packages in the bundle. */
export async function allLicences(input: ReleaseInput): Promise<string> {
  const bundled = await Deno.readTextFile(`${input.bundled}/LICENSES.txt`);
  const rule = `\n${"-".repeat(80)}\n\n`;
  return [
    `kodama ${input.version}\n\n${input.licence.trim()}\n`,
    `Deno, which runs kodama\n\n${(await denoLicence()).trim()}\n`,
    bundled,
  ].join(rule);
}

/** Returns the completion of a shell. */
export function completionText(bundled: string, shell: string): Promise<string> {
  const flags = ["--quiet", "--no-config", "--no-lock", "--allow-read", "--allow-env"];
  return runProgram([Deno.execPath(), "run", ...flags, `${bundled}/${installed.entry}`].concat([
    "completion",
    shell,
  ]));
}

/** https://www.debian.org/doc/debian-policy/ch-controlfields.html */
function control(version: string, architecture: Architecture, installedSize: number): string {
  return `Package: kodama
Version: ${version}
Section: admin
Priority: optional
Architecture: ${debianNames[architecture]}
Depends: libc6 (>= 2.28), libgcc-s1
Suggests: tmux
Enhances: kubectl
Installed-Size: ${installedSize}
Maintainer: The kodama authors <kodama@localhost>
Description: commands, workflows and agent sessions in many Kubernetes pods
 Chooses pods by name, label, workload or fuzzy search, runs a command in all of
 them at once, and reports how each of them ended. It brings its own runtime and
 needs nothing in the cluster.
`;
}

const postinst = `#!/bin/sh
set -e
# The code cache: without it every start of a user who isn't root takes some 15 ms longer.
if [ "$1" = configure ]; then
  rm -rf ${home}/${installed.cache}
  ${warmLine(home, `${home}/${installed.deno}`)} >/dev/null 2>&1 || true
fi
`;

const prerm = `#!/bin/sh
set -e
rm -rf ${home}/${installed.cache}
`;

async function installedKiB(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) bytes += 1024 * await installedKiB(path);
    else if (!isSymlink) bytes += (await Deno.stat(path)).size;
  }
  return Math.ceil(bytes / 1024);
}

/** Writes a file that can be executed. */
export async function writeScript(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: 0o755 });
}
