/** kodama of this checkout as a user runs it: a process of its own, started by its launcher. */
import assert from "node:assert/strict";
import { filePath } from "../../src/files/file_path.ts";
import { builtKodama } from "./built_kodama.ts";
import { type CommandOptions, type CommandResult, runCommand, RunningCommand } from "./command.ts";
import type { TestCluster } from "./embedded_cluster.ts";

/** The options of a single start. */
export type StartOptions = Partial<Omit<CommandOptions, "env">> & {
  env?: Readonly<Record<string, string>>;
};

/** Starts kodama on an embedded cluster. */
export class SourceKodama {
  private constructor(
    readonly env: Readonly<Record<string, string>>,
    readonly configFolder: string,
    /** The folder of the launchers: `kodama`, `kpod`, `kwekash`, `kubectl-kodama`. */
    readonly bin: string,
  ) {}

  static async on({ env, folder }: Pick<TestCluster, "env" | "folder">): Promise<SourceKodama> {
    return new SourceKodama(env, `${folder}/home/.kodama`, `${await builtKodama()}/bin`);
  }

  /** Returns the command line that starts kodama with these arguments. */
  args(args: readonly string[]): string[] {
    return [`${this.bin}/kodama`, ...args];
  }

  /** Runs a command line to its end. */
  async run(args: readonly string[], options: StartOptions = {}): Promise<CommandResult> {
    const { env, ...rest } = options;
    return await runCommand(this.args(args), { ...rest, env: { ...this.env, ...env } });
  }

  /** Runs a command line that has to succeed; returns its standard output. */
  async succeed(args: readonly string[], options: StartOptions = {}): Promise<string> {
    return outputOf(args, await this.run(args, options));
  }

  /** Starts a command line in the background. */
  start(args: readonly string[]): RunningCommand {
    return new RunningCommand(this.args(args), { env: this.env });
  }

  /** Runs a line of sh in which `kodama` is a function that starts kodama. */
  async shell(line: string, options: StartOptions = {}): Promise<CommandResult> {
    const { env, ...rest } = options;
    const script = `kodama() { '${this.bin}/kodama' "$@"; }\n${line}`;
    return await runCommand(["sh", "-c", script], { ...rest, env: { ...this.env, ...env } });
  }
}

/**
 * Returns the args that start kodama from source, with the permissions of its set, and which may write to these folders
 * alone, and the variable that a clean environment needs for them.
 */
export async function fromSource(
  write: readonly string[],
): Promise<{ args: readonly string[]; env: { DENO_DIR: string } }> {
  const info = await runCommand([Deno.execPath(), "info", "--json"], { env: Deno.env.toObject() });
  const { denoDir } = JSON.parse(info.stdout) as { denoDir: string };
  const root = filePath(new URL("../../", import.meta.url));
  const set = ["--config", `${root}deno.json`, "-P=kodama", `--allow-write=${write.join(",")}`];
  const args = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...set, `${root}main.ts`];
  return { args, env: { DENO_DIR: denoDir } };
}

/** Returns standard output of a command line of kodama; fails the test if it failed. */
export function outputOf(args: readonly string[], ended: CommandResult): string {
  const { code, stdout, stderr } = ended;
  assert.equal(code, 0, `kodama ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}
