/** ClusterShell, the parallel shell that others use around kubectl: from PyPI, into a folder of the user's cache. */
import { cacheFolder } from "../harness/cache_folder.ts";

const version = "1.10.1";

/** The path of its `clush`; a reason where it can't be had. Fetched once. */
export async function findClush(): Promise<{ path: string } | { missing: string }> {
  const folder = cacheFolder(`clustershell-${version}`);
  const path = `${folder}/bin/clush`;
  const there = await Deno.stat(path).then(() => true, () => false);
  if (there) return { path };
  for (
    const words of [
      ["python3", "-m", "venv", folder],
      [`${folder}/bin/pip`, "install", "--quiet", `ClusterShell==${version}`],
    ]
  ) {
    const reason = await failure(words);
    if (reason !== undefined) return { missing: reason };
  }
  return { path };
}

/** The last line of what a program said, where it failed. */
async function failure([program = "", ...args]: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stderr } = await new Deno.Command(program, { args, stdout: "null" }).output();
    if (code === 0) return undefined;
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    return `${program.split("/").at(-1)} ${args[0]}: ${said}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${program} isn't installed`;
    throw error;
  }
}
