/** The machine's services that the Kubernetes port needs, injected so that tests need none of them. */
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type { ExecPlugin } from "./config/kubeconfig.ts";
import type { Link, LinkTarget, LinkUse } from "./link/link.ts";
import type { Trace } from "./trace.ts";

/** Characters. A credential has a few thousand. */
const maxAnswer = 1024 * 1024;

/** The machine, as far as kubeconfigs and credentials need it. */
export interface KubeHost {
  env(name: string): string | undefined;
  /** UTF-8, or UTF-16 with a byte order mark. Rejects with `Deno.errors.NotFound` if there is none. */
  readText(path: string): Promise<string>;
  /**
   * Runs a program; its standard error goes to ours. The signal ends it. Rejects with `Deno.errors.NotFound` if the
   * program doesn't exist, `Deno.errors.NotCapable` if it may not be run.
   */
  run(
    command: string,
    args: readonly string[],
    options: { env: Record<string, string>; interactive: boolean; signal: AbortSignal },
  ): Promise<{ code: number; stdout: string }>;
  /**
   * Returns whether the user allows a credential plugin that kodama doesn't know, by a setting or when asked; never
   * without this.
   */
  allowsPlugin?(plugin: ExecPlugin): Promise<boolean>;
  /** Returns whether standard input can prompt a user. */
  isInteractive(): boolean;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Warns the user, once; doesn't stop anything. */
  warn(message: string): void;
  /** Traces requests, if set. */
  readonly trace?: Trace | undefined;
  /** Opens the link of every request, if set, in place of this machine's network. */
  readonly dial?: Dial | undefined;
}

/** Opens a link. Rejects with the signal's reason, and as the network does. */
export type Dial = (
  target: LinkTarget,
  options: { use: LinkUse; signal: AbortSignal },
) => Promise<Link>;

/** This machine; `environment` returns its variables. */
export function systemHost(
  warn: (message: string) => void,
  trace?: Trace,
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): KubeHost {
  return {
    ...(trace === undefined ? {} : { trace }),
    env: environment,
    readText: async (path) => textOf(await Deno.readFile(path)),
    run,
    isInteractive: () => Deno.stdin.isTerminal(),
    clock: systemClock,
    random: Math.random,
    warn,
  };
}

/** Returns the text of a file. PowerShell's `>` writes UTF-16 with a byte order mark, which kubectl reads too. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

async function run(
  command: string,
  args: readonly string[],
  { env, interactive, signal }: {
    env: Record<string, string>;
    interactive: boolean;
    signal: AbortSignal;
  },
): Promise<{ code: number; stdout: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: interactive ? "inherit" : "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
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
