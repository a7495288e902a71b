/** What the Kubernetes port asks of the machine, handed in so that tests need none of it. */
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Trace } from "./trace.ts";

/** Characters. A credential has a few thousand. */
const maxAnswer = 1024 * 1024;

/** The machine, as far as kubeconfigs and credentials touch it. */
export interface Host {
  env(name: string): string | undefined;
  /** Rejects with `Deno.errors.NotFound` where there is none. */
  readText(path: string): Promise<string>;
  /**
   * Runs a program; its standard error goes to ours. Rejects with `Deno.errors.NotFound` where there is no
   * such program, `Deno.errors.NotCapable` where it may not be run.
   */
  run(
    command: string,
    args: readonly string[],
    options: { env: Record<string, string>; interactive: boolean },
  ): Promise<{ code: number; stdout: string }>;
  /** Whether a person can be asked something on standard input. */
  isInteractive(): boolean;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Something the person should know, once, that stops nothing. */
  warn(message: string): void;
  /** Where requests are traced, if they are. */
  readonly trace?: Trace;
}

/** This machine. */
export function systemHost(warn: (message: string) => void, trace?: Trace): Host {
  return {
    ...(trace === undefined ? {} : { trace }),
    env: (name) => Deno.env.get(name),
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
