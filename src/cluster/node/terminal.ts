/**
 * Terminals for processes, by script(1): it creates the pseudo-terminal, copies between it and our pipes, and starts
 * the command as leader of a session of its own.
 */
import { required, shellQuote, type Tools } from "./tools.ts";

/** A command that needs a terminal. */
export interface TerminalCommand {
  words: readonly string[];
  /** The command's environment; `SHELL` in it is what script(1) would run, and is restored for the command. */
  env: Readonly<Record<string, string>>;
  /** Writes the command's process id and its terminal's path as the first line of output. */
  announce?: boolean;
}

/** Returns the args that run a command with a terminal. Spawn them with {@link terminalEnvironment}. */
export function terminalArguments(tools: Tools, command: TerminalCommand): string[] {
  const shell = command.env["SHELL"];
  const line = [
    shell === undefined ? "unset SHELL" : `SHELL=${shellQuote([shell])}`,
    // With a pipe for its input, script turns the terminal's echo off; a new terminal has it on.
    `${required(tools, "stty")} sane`,
    ...(command.announce ? [`echo "$$ $(${required(tools, "tty")})"`] : []),
    `exec ${shellQuote(command.words)}`,
  ].join("; ");
  const script = required(tools, "script");
  return Deno.build.os === "darwin"
    ? [script, "-q", "/dev/null", required(tools, "sh"), "-c", line]
    : [script, "--quiet", "--return", "--flush", "--command", line, "/dev/null"];
}

/** Returns the environment for {@link terminalArguments}: the command's own, except the shell that reads the line. */
export function terminalEnvironment(
  tools: Tools,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...env, SHELL: required(tools, "sh") };
}

/** Sets the size of the terminal at a path; the kernel then notifies its foreground processes (SIGWINCH). */
export function resizeTerminal(
  tools: Tools,
  path: string,
): (columns: number, rows: number) => Promise<void> {
  return async (columns, rows) => {
    await new Deno.Command(required(tools, "stty"), {
      args: [
        ...[Deno.build.os === "darwin" ? "-f" : "-F", path],
        ...["columns", String(columns), "rows", String(rows)],
      ],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      // A terminal whose process has just ended can't be resized, and need not be.
      stderr: "null",
    }).output();
  };
}
