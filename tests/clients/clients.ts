/** Other people's clients, built once into a cache: from Go modules and from PyPI, in pinned versions. */
import { cacheFolder } from "../harness/cache_folder.ts";
import { filePath } from "../../src/files/file_path.ts";
import { ensureBuilt, goBuild, sourceKey } from "../cluster/executables.ts";
import { run } from "../cluster/host_commands.ts";

/** Absolute paths. */
export interface Clients {
  helm: string;
  stern: string;
  /** The operator of `operator/main.go`. */
  operator: string;
  /** The folder of Python's packages: a `PYTHONPATH`. */
  pythonPackages: string;
}

/** The folder of the clients' sources. */
export const sources = filePath(new URL("./", import.meta.url));

/**
 * Returns the clients, built if the cache doesn't have them. `$KODAMA_CACHE` names the cache, else it
 * is the user's. Throws if there is no Go 1.25 or no Python with pip.
 */
export async function ensureClients(say: (line: string) => void): Promise<Clients> {
  const cache = cacheFolder("clients");
  const goKey = await sourceKey(sources, ["go.mod", "go.sum", "operator/main.go"]);
  const programs = await ensureBuilt(`${cache}/go-${goKey}`, async (to) => {
    say("building helm, stern and an operator from their sources: minutes, once");
    const packages = ["helm.sh/helm/v3/cmd/helm", "github.com/stern/stern", "./operator"];
    await goBuild(sources, packages, `${to}/`);
  });
  const requirements = `${sources}python/requirements.txt`;
  const pythonKey = (await Deno.readTextFile(requirements)).trim().replaceAll(/[^\w.]+/g, "-");
  const version = (await run(["python3", "-c", "import sys; print(sys.implementation.cache_tag)"]))
    .trim();
  const pythonPackages = await ensureBuilt(`${cache}/${version}-${pythonKey}`, async (to) => {
    say("installing Python's client from PyPI");
    const install = ["install", "--quiet", "--target", to, "--requirement", requirements];
    await run(["python3", "-m", "pip", ...install]);
  });
  return {
    helm: `${programs}/helm`,
    stern: `${programs}/stern`,
    operator: `${programs}/operator`,
    pythonPackages,
  };
}
