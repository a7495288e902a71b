/** The rig's own executables, built once from `rig/` and cached. */
import { run } from "./host_commands.ts";
import { filePath } from "../../src/files/file_path.ts";

/** Absolute paths. */
export interface Executables {
  /** All parts of Kubernetes, and kubectl, by first argument. */
  rig: string;
  /** The first process of every sandbox. */
  pause: string;
  /** A kubectl of the cluster's own version. */
  kubectl: string;
}

/** The folder of the Go sources: a folder for each module. */
export const goSources = filePath(new URL("rig/", import.meta.url));

const inputs = ["go.mod", "go.sum", "main.go", "provisioner.go", "pause/main.go"];

/** Builds what isn't in the cache: minutes the first time, nothing afterwards. */
export async function ensureExecutables(
  cache: string,
  say: (line: string) => void,
): Promise<Executables> {
  const folder = await ensureBuilt(
    `${cache}/bin/${await sourceKey(goSources, inputs)}`,
    async (to) => {
      say("building Kubernetes from source: about five minutes on two cores, once");
      await goBuild(goSources, ["."], `${to}/rig`, await versionFlags());
      await goBuild(goSources, ["./pause"], `${to}/pause`);
      await Deno.symlink("rig", `${to}/kubectl`);
    },
  );
  return { rig: `${folder}/rig`, pause: `${folder}/pause`, kubectl: `${folder}/kubectl` };
}

/** Returns the folder, filled once by `build`, which gets another one to build in. */
export async function ensureBuilt(
  folder: string,
  build: (to: string) => Promise<void>,
): Promise<string> {
  if (await isFolder(folder)) return folder;
  const parent = folder.slice(0, folder.lastIndexOf("/"));
  await Deno.mkdir(parent, { recursive: true });
  const building = await Deno.makeTempDir({ dir: parent, prefix: ".building-" });
  try {
    await build(building);
    await Deno.chmod(building, 0o755);
    // A folder appears whole or not at all. Another run that built it meanwhile has built the same.
    await Deno.rename(building, folder).catch(async (error) => {
      if (!await isFolder(folder)) throw error;
    });
  } finally {
    await Deno.remove(building, { recursive: true }).catch(() => {});
  }
  return folder;
}

/** Returns the cache key of a source: another go.sum, toolchain or program is another folder of the cache. */
export async function sourceKey(source: string, files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((name) => Deno.readTextFile(source + name)));
  const all = [...texts, await run(["go", "version"])].join("\0");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(all));
  return new Uint8Array(digest.slice(0, 8)).toHex();
}

/** Returns the version that Kubernetes reports of itself: its own build sets the same variables. */
async function versionFlags(): Promise<string[]> {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/
    .exec(await Deno.readTextFile(`${goSources}go.mod`));
  if (version === null) throw new Error("rig/go.mod names no version of k8s.io/kubernetes");
  const values = {
    gitVersion: version[1],
    gitMajor: version[2],
    gitMinor: version[3],
    gitTreeState: "clean",
  };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
}

/** Builds packages of a module into a file; several into a folder. */
export async function goBuild(
  source: string,
  packages: readonly string[],
  output: string,
  flags: readonly string[] = [],
): Promise<void> {
  const linkerFlags = ["-s", "-w", ...flags].join(" ");
  await run(
    ["nice", "go", "build", "-trimpath", `-ldflags=${linkerFlags}`, "-o", output, ...packages],
    // Without cgo the executables are static, and run in a container of any image.
    { cwd: source, env: { CGO_ENABLED: "0" } },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isDirectory ?? false;
}
