/** kodama from source as a person runs it: a process of its own, with the permissions of its set alone. */
import assert from "node:assert/strict";
import { type CommandOptions, type CommandResult, runCommand, RunningCommand } from "./command.ts";
import type { TestCluster } from "./embedded_cluster.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;

/** What a single start may be given. */
export type StartOptions = Partial<Omit<CommandOptions, "env">> & {
  env?: Readonly<Record<string, string>>;
  /** Folders that may be written to, beside the configuration folder. */
  write?: readonly string[];
};

/** Starts kodama on an embedded cluster. */
export class SourceKodama {
  private constructor(
    readonly env: Readonly<Record<string, string>>,
    readonly configFolder: string,
  ) {}

  static async on({ env, folder }: Pick<TestCluster, "env" | "folder">): Promise<SourceKodama> {
    const info = await runCommand([Deno.execPath(), "info", "--json"], {
      env: { HOME: Deno.env.get("HOME") ?? "/", ...denoDir() },
    });
    const { denoDir: cache } = JSON.parse(info.stdout) as { denoDir: string };
    return new SourceKodama({ ...env, DENO_DIR: cache }, `${folder}/home/.kodama`);
  }

  /** The words that start kodama with these words. */
  words(words: readonly string[], write: readonly string[] = []): string[] {
    const folders = [this.configFolder, ...write].join(",");
    const flags = ["--quiet", "--no-prompt", "-P=kodama", `--allow-write=${folders}`];
    return [Deno.execPath(), "run", ...flags, main, ...words];
  }

  /** Runs a command line to its end. */
  async run(words: readonly string[], options: StartOptions = {}): Promise<CommandResult> {
    const { env, write, ...rest } = options;
    return await runCommand(this.words(words, write), { ...rest, env: { ...this.env, ...env } });
  }

  /** Runs a command line that has to end well; its standard output. */
  async succeed(words: readonly string[], options: StartOptions = {}): Promise<string> {
    return outputOf(words, await this.run(words, options));
  }

  /** Starts a command line, and lets it run. */
  start(words: readonly string[]): RunningCommand {
    return new RunningCommand(this.words(words), { env: this.env });
  }

  /** Runs a line of sh in which `kodama` is a function that starts kodama. */
  async shell(line: string, options: StartOptions = {}): Promise<CommandResult> {
    const { env, write, ...rest } = options;
    const quoted = this.words([], write).map((word) => `'${word}'`).join(" ");
    const script = `kodama() { ${quoted} "$@"; }\n${line}`;
    return await runCommand(["sh", "-c", script], { ...rest, env: { ...this.env, ...env } });
  }
}

/** Standard output of a command line of kodama; fails the test where it didn't end well. */
export function outputOf(words: readonly string[], ended: CommandResult): string {
  const { code, stdout, stderr } = ended;
  assert.equal(code, 0, `kodama ${words.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

function denoDir(): Record<string, string> {
  const folder = Deno.env.get("DENO_DIR");
  return folder === undefined ? {} : { DENO_DIR: folder };
}
