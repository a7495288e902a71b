/**
 * The npm package: the bundle, and a launcher for each program. Deno is its dependency, which npm installs for the
 * platform.
 *
 *     bin/NAME     a launcher; a file each, because pnpm starts programs by their paths in the package
 *     bin/warm     fills the code cache after the installation
 *     lib/         the bundle and its data
 */
import { copyBundle } from "../bundle.ts";
import { warmLine } from "../deno_flags.ts";
import {
  followLinks,
  launcherText,
  pluginCompletionName,
  pluginCompletionText,
} from "../launcher.ts";
import { writeTarGz } from "./archive.ts";
import { denoPackage } from "./deno_runtime.ts";
import type { ReleaseInput } from "./release_input.ts";

/** The name in npm's registry, where `kodama` is somebody else's program. */
export const npmName = "kodama-cli";

/** `npx kodama-cli` runs the program of the package's own name: it is kodama. */
const programs = ["kodama", npmName, "kpod", "kubectl-kodama"];

/** Writes `kodama-cli-VERSION.tgz` into `folder`. Returns its name. */
export async function makeNpmPackage(folder: string, input: ReleaseInput): Promise<string> {
  const content = `${input.work}/npm`;
  const root = `${content}/package`;
  await Deno.mkdir(`${root}/bin`, { recursive: true });
  await Deno.mkdir(`${root}/lib`);
  await copyBundle(input.bundled, `${root}/lib`);
  const launcher = launcherText({ kind: "found", lines: findPackage }, input.sets);
  for (const name of programs) await writeScript(`${root}/bin/${name}`, launcher);
  await writeScript(`${root}/bin/${pluginCompletionName}`, pluginCompletionText());
  await writeScript(`${root}/bin/warm`, warmText);
  await Deno.writeTextFile(`${root}/LICENSE`, input.licence);
  await Deno.writeTextFile(`${root}/README.md`, readme);
  await Deno.writeTextFile(`${root}/package.json`, manifest(input.version));
  const name = `${npmName}-${input.version}.tgz`;
  await writeTarGz(`${folder}/${name}`, content, { seconds: input.seconds, names: ["package"] });
  return name;
}

function manifest(version: string): string {
  const bin = [...programs, pluginCompletionName].map((name) => [name, `bin/${name}`]);
  return `${
    JSON.stringify(
      {
        name: npmName,
        version,
        description: "kubectl exec for many pods, workflows and agent sessions in Kubernetes",
        keywords: ["kubernetes", "kubectl", "exec", "logs", "pods", "agents"],
        license: "MIT",
        // Deno takes the format of files below node_modules from here.
        type: "module",
        bin: Object.fromEntries(bin),
        os: ["linux", "darwin"],
        cpu: ["x64", "arm64"],
        dependencies: { [denoPackage.name]: denoPackage.version },
        // kodama works without it, and starts some 15 ms later.
        scripts: { postinstall: "sh bin/warm || true" },
      },
      null,
      2,
    )
  }\n`;
}

/**
 * npm installs its links to a package's programs in a `bin` folder: of a prefix, or of `node_modules`. These two are
 * found without starting a program; any other link is followed. Deno's package copies its executable to itself when its
 * install script may run; otherwise it stays in the package for the platform, beside it or below it.
 */
export const findPackage = `home=
for candidate in \\
  "\${launcher%/*}/../lib/node_modules/${npmName}/bin" "\${launcher%/*}/../${npmName}/bin"; do
  if [ "$candidate/\${launcher##*/}" -ef "$launcher" ]; then home=$candidate/../lib; break; fi
done
if [ -z "$home" ]; then
${followLinks.replace(/^/gm, "  ")}
  home=$home/../lib
fi
deno=
for candidate in \\
  "$home"/../node_modules/deno/deno "$home"/../../deno/deno \\
  "$home"/../node_modules/@deno/*/deno "$home"/../../@deno/*/deno \\
  "$home"/../node_modules/deno/node_modules/@deno/*/deno \\
  "$home"/../../deno/node_modules/@deno/*/deno "$home"/../../deno/../@deno/*/deno; do
  if [ -x "$candidate" ]; then deno=$candidate; break; fi
done
if [ -z "$deno" ]; then
  echo "error: the npm package deno, which runs kodama, isn't installed beside it" >&2
  echo "hint: install ${npmName} again, without --omit=optional" >&2
  exit 1
fi`;

const warmText = `#!/bin/sh
# Fills the code cache, while the installer may still write to it.
case $0 in
  /*) launcher=$0 ;;
  *) launcher=$PWD/$0 ;;
esac
${findPackage}
${warmLine("$home", "$deno")} 2>/dev/null
`;

const readme = `# kodama

\`kubectl exec\` for many pods: choose pods by name, label, workload or fuzzy search, run a command in all of them at
once, and see what most of them answered, which ones differ and which failed.

    npm install --global ${npmName}
    kodama cluster up --world shop      # a small Kubernetes for trying things, on this machine
    kodama help

It installs \`kodama\`, \`kpod\` (short for \`kodama exec\`) and the plugin \`kubectl kodama\`, on Linux and macOS; on
Windows, in WSL. Deno, which runs it, comes as a dependency.
`;

async function writeScript(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: 0o755 });
}
