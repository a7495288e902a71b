/** Programs of this machine: run to their end, or started in the background. */

/** The output of a program and how it ended. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run a program. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Passes nothing of our own environment on. */
  clearEnv?: boolean;
  /** Written to its standard input; it has none otherwise. */
  stdin?: string;
  signal?: AbortSignal;
}

/** A program ended with another code than 0. */
class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  constructor(readonly command: readonly string[], readonly result: CommandResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-8).join("\n  ");
    super(`${command.join(" ").slice(0, 300)}: exit code ${result.code}\n  ${said}`);
  }
}

/** Runs a program to its end, whatever its exit code. */
export async function runAny(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("no program was named");
  const child = new Deno.Command(program, {
    args,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.clearEnv === undefined ? {} : { clearEnv: options.clearEnv }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).spawn();
  const [output] = await Promise.all([child.output(), feed(child, options.stdin)]);
  const text = new TextDecoder();
  return {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

/** Runs a program and returns its standard output. @throws {CommandFailed} */
export async function run(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runAny(command, options);
  if (result.code !== 0) throw new CommandFailed(command, result);
  return result.stdout;
}

/** How to start a program in the background. */
export interface DetachedOptions {
  /** The file to which its output is appended. */
  log: string;
  env: Record<string, string>;
  /** Args that run a program in another context: in other namespaces. */
  enter?: readonly string[];
}

/**
 * Starts a program that outlives this one: in a session of its own, its output in a file.
 *
 * @returns Its process id, as seen in the namespace in which it runs.
 */
export async function startDetached(
  command: readonly string[],
  options: DetachedOptions,
): Promise<number> {
  // A shell starts it and ends at once: it becomes the child of the first process there.
  const script = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!';
  const words = [...(options.enter ?? []), "sh", "-c", script, "sh", options.log, ...command];
  // A part in the background must not depend on the shell that happened to start it: no proxy, no KUBECONFIG.
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin", ...options.env };
  return Number(await run(words, { env, clearEnv: true }));
}

/** Returns whether a program of this name is found. */
export async function isInstalled(program: string): Promise<boolean> {
  return (await runAny(["sh", "-c", 'command -v "$1"', "sh", program])).code === 0;
}

async function feed(child: Deno.ChildProcess, text: string | undefined): Promise<void> {
  if (text === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // The program ended without reading all of it: its exit code explains more than a broken pipe.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
