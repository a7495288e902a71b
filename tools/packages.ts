/** The pinned packages as files: esbuild resolves `node_modules`, not Deno's cache. */
import { filePath } from "../src/files/file_path.ts";

const root = new URL("../", import.meta.url);

/**
 * Always the same path below the checkout: the names of chunks are hashes over the paths of their inputs too, and the
 * same source must give the same names.
 */
const packages = new URL("dist/packages/", root);

/** Installs the packages of `deno.json`, as `deno.lock` pins them, and returns the path of their `node_modules`. */
export async function installPackages(): Promise<string> {
  await Deno.mkdir(packages, { recursive: true });
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const { imports } = config as { imports: Record<string, string> };
  await Deno.writeTextFile(
    new URL("deno.json", packages),
    JSON.stringify({ nodeModulesDir: "auto", imports }),
  );
  await Deno.copyFile(new URL("deno.lock", root), new URL("deno.lock", packages));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen"],
    cwd: packages,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) {
    throw new Error(`the packages can't be installed: ${new TextDecoder().decode(stderr)}`);
  }
  return filePath(new URL("node_modules", packages));
}
