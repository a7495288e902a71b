/** The machine's services that the Kubernetes port needs, injected so that tests need none of them. */
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Trace } from "./trace.ts";

/** Characters. A credential has a few thousand. */
const maxAnswer = 1024 * 1024;

/** The machine, as far as kubeconfigs and credentials need it. */
export interface KubeHost {
  env(name: string): string | undefined;
  /** Rejects with `Deno.errors.NotFound` if there is none. */
  readText(path: string): Promise<string>;
  /**
   * Runs a program; its standard error goes to ours. Rejects with `Deno.errors.NotFound` if the program doesn't exist,
   * `Deno.errors.NotCapable` if it may not be run.
   */
  run(
    command: string,
    args: readonly string[],
    options: { env: Record<string, string>; interactive: boolean },
  ): Promise<{ code: number; stdout: string }>;
  /** Returns whether standard input can prompt a user. */
  isInteractive(): boolean;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Warns the user, once; doesn't stop anything. */
  warn(message: string): void;
  /** Traces requests, if set. */
  readonly trace?: Trace | undefined;
}

/** This machine; `environment` returns its variables. */
export function systemHost(
  warn: (message: string) => void,
  trace?: Trace,
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): KubeHost {
  return {
    ...(trace === undefined ? {} : { trace }),
    env: environment,
    readText: (path) => Deno.readTextFile(path),
    run,
    isInteractive: () => Deno.stdin.isTerminal(),
    clock: systemClock,
    random: Math.random,
    warn,
  };
}

async function run(
  command: string,
  args: readonly string[],
  { env, interactive }: { env: Record<string, string>; interactive: boolean },
): Promise<{ code: number; stdout: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: interactive ? "inherit" : "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let stdout = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    if (stdout.length > maxAnswer) {
      child.kill();
      break;
    }
  }
  const { code } = await child.status;
  return { code, stdout };
}
