/** Claude Code's own executable for tests: a pinned version from npm, in the cache and never in the checkout. */
import { cacheFolder } from "./cache_folder.ts";
import { runCommand } from "./command.ts";

/** The agent's API in tests. */
export const claudeVersion = "2.1.330";

/** The path of the executable, or why there is none. */
export type ClaudeCode =
  | { kind: "there"; path: string }
  | { kind: "missing"; reason: string };

/** `npm install` of 380 MB. */
const limitMs = 300_000;

/**
 * Installs it, unless the cache has it or `KODAMA_TEST_AGENT` is `none`. Two tests at once don't disturb each other.
 */
export async function claudeCode(): Promise<ClaudeCode> {
  if (Deno.env.get("KODAMA_TEST_AGENT") === "none") return missing("KODAMA_TEST_AGENT is none");
  const name = packageName();
  if (name === undefined) return missing(`${Deno.build.os} on ${Deno.build.arch} has no package`);
  const folder = `${cacheFolder("agents")}/claude-${claudeVersion}`;
  const path = `${folder}/node_modules/${name}/claude`;
  if (await isFile(path)) return { kind: "there", path };
  const npm = await findNpm();
  if (npm === undefined) return missing("there is no npm to install it with");
  await Deno.mkdir(cacheFolder("agents"), { recursive: true });
  const building = await Deno.makeTempDir({ dir: cacheFolder("agents"), prefix: ".installing-" });
  try {
    const failure = await install(npm, building, `${name}@${claudeVersion}`);
    if (failure !== undefined) return missing(failure);
    const executable = `${building}/node_modules/${name}/claude`;
    if (!await isFile(executable)) return missing(`${name} has no executable`);
    // Another run may have been faster: its result is the same.
    await Deno.rename(building, folder).catch(() => {});
  } finally {
    await Deno.remove(building, { recursive: true }).catch(ignoreMissing);
  }
  return await isFile(path) ? { kind: "there", path } : missing(`${folder} can't be written to`);
}

function missing(reason: string): ClaudeCode {
  return { kind: "missing", reason: `no Claude Code ${claudeVersion}: ${reason}` };
}

/** Of the executable alone; the package around it would run a script to find it. */
function packageName(): string | undefined {
  const machines: Readonly<Record<string, string>> = { x86_64: "x64", aarch64: "arm64" };
  const machine = machines[Deno.build.arch];
  if (Deno.build.os !== "linux" || machine === undefined) return undefined;
  return `@anthropic-ai/claude-code-linux-${machine}`;
}

async function findNpm(): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await isFile(`${folder}/npm`)) return `${folder}/npm`;
  }
  return undefined;
}

async function install(
  npm: string,
  folder: string,
  what: string,
): Promise<string | undefined> {
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"];
  const words = ["install", ...quiet, "--prefix", folder];
  try {
    // The user's own environment: it names their registry.
    const { code, stderr } = await runCommand([npm, ...words, what], {
      env: Deno.env.toObject(),
      cwd: folder,
      signal: AbortSignal.timeout(limitMs),
    });
    return code === 0 ? undefined : reasonOf(stderr);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns npm's error: the first line of it that isn't a code or the path of a log. */
function reasonOf(stderr: string): string {
  const [, reason] = /^npm error (?!code |errno |syscall |type |A complete )(.+)$/m.exec(stderr) ??
    [];
  return reason ?? "npm failed";
}

function isFile(path: string): Promise<boolean> {
  return Deno.stat(path).then((info) => info.isFile, () => false);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
