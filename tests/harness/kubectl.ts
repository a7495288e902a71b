/** The real kubectl on a test's cluster. */
import assert from "node:assert/strict";
import { type CommandResult, runCommand, RunningCommand } from "./command.ts";
import type { TestCluster } from "./embedded_cluster.ts";

/** The first version that uses WebSocket for exec, attach and port-forward by default. */
const oldestMinor = 31;

/** Returns why there is no usable kubectl; undefined if there is one. */
export async function kubectlMissing(): Promise<string | undefined> {
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent" };
  let answer: CommandResult;
  try {
    answer = await runCommand(["kubectl", "version", "--client", "-o", "json"], { env });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "kubectl isn't installed";
    throw error;
  }
  const { clientVersion } = JSON.parse(answer.stdout) as {
    clientVersion: { gitVersion: string; minor: string };
  };
  return parseInt(clientVersion.minor) >= oldestMinor
    ? undefined
    : `kubectl ${clientVersion.gitVersion} is older than 1.${oldestMinor}`;
}

/** kubectl with one environment. */
export class Kubectl {
  constructor(readonly env: Readonly<Record<string, string>>, readonly cwd?: string) {}

  /** kubectl with the permissions that an embedded cluster gives its own user. */
  static on({ env, kubeconfig }: Pick<TestCluster, "env" | "kubeconfig">): Kubectl {
    return new Kubectl({ ...env, KUBECONFIG: kubeconfig });
  }

  #options(): { env: Readonly<Record<string, string>>; cwd?: string } {
    return { env: this.env, ...(this.cwd === undefined ? {} : { cwd: this.cwd }) };
  }

  /** Runs kubectl, whatever its exit code. */
  run(args: readonly string[], stdin?: string | Uint8Array): Promise<CommandResult> {
    const input = stdin === undefined ? {} : { stdin };
    return runCommand(["kubectl", ...args], { ...this.#options(), ...input });
  }

  /** Returns standard output without its last line end. Fails the test if kubectl fails. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout.replace(/\n$/, "");
  }

  /** Returns standard error of a kubectl that fails, without its last line end. */
  async fails(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    assert.notEqual(code, 0, `kubectl ${args.join(" ")} succeeded: ${stdout}`);
    return stderr.replace(/\n$/, "");
  }

  /** Applies manifests. */
  async apply(manifests: unknown, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(
      ["apply", "-f", "-", ...args],
      typeof manifests === "string" ? manifests : JSON.stringify(manifests),
    );
    assert.equal(code, 0, stderr);
    return stdout.replace(/\n$/, "");
  }

  /** Returns the parsed `-o json`. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, "-o", "json")) as T;
  }

  /** Starts kubectl in the background. */
  start(...args: string[]): RunningCommand {
    return new RunningCommand(["kubectl", ...args], this.#options());
  }
}
