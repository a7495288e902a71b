/** Other people's MCP clients, from npm and PyPI, in pinned versions, installed once into the cache. */
import { ensureBuilt } from "../cluster/executables.ts";
import { cacheFolder } from "../harness/cache_folder.ts";
import { type CommandResult, runCommand } from "../harness/command.ts";
import { filePath } from "../../src/files/file_path.ts";

/** The folder of the tests' sources. */
export const sources = filePath(new URL("./", import.meta.url));

const inspector = "@modelcontextprotocol/inspector@2.12.0";

/** A path; or why there is none. */
export type Found = { kind: "there"; path: string } | { kind: "missing"; reason: string };

/** Returns the inspector's program. */
export async function ensureInspector(): Promise<Found> {
  return await found("npm", async () => {
    const folder = `${cacheFolder("mcp")}/${inspector.replaceAll("/", "-")}`;
    await ensureBuilt(folder, async (to) => {
      const quiet = ["--no-audit", "--no-fund", "--silent", "--ignore-scripts"];
      await ok(["npm", "install", ...quiet, "--prefix", to, inspector]);
    });
    return `${folder}/node_modules/.bin/mcp-inspector`;
  });
}

/** Returns the folder of the Python SDK: a `PYTHONPATH`. */
export async function ensurePythonSdk(): Promise<Found> {
  return await found("python3 with pip", async () => {
    const requirements = `${sources}python/requirements.txt`;
    const key = (await Deno.readTextFile(requirements)).trim().replaceAll(/[^\w.]+/g, "-");
    const tag = "import sys; print(sys.implementation.cache_tag)";
    const version = (await ok(["python3", "-c", tag])).stdout.trim();
    return await ensureBuilt(`${cacheFolder("mcp")}/${version}-${key}`, async (to) => {
      const quiet = ["--quiet", "--disable-pip-version-check", "--target", to];
      await ok(["python3", "-m", "pip", "install", ...quiet, "--requirement", requirements]);
    });
  });
}

async function found(needed: string, path: () => Promise<string>): Promise<Found> {
  try {
    return { kind: "there", path: await path() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "missing", reason: `it needs ${needed}: ${reason.slice(0, 200)}` };
  }
}

/** Runs a program in the user's own environment, which names their registries. @throws if it fails */
async function ok(argv: readonly string[]): Promise<CommandResult> {
  const result = await runCommand(argv, { env: Deno.env.toObject() });
  if (result.code === 0) return result;
  throw new Error(`${argv.slice(0, 3).join(" ")}: ${result.stderr.trim()}`);
}
