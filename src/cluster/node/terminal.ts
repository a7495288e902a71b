/**
 * Terminals for processes, by script(1) of util-linux: it makes the pseudo-terminal, becomes the
 * bridge between it and our pipes, and starts the command as leader of a session of its own.
 */
import { required, shellQuote, type Tools } from "./tools.ts";

/** A command that shall have a terminal. */
export interface TerminalCommand {
  words: readonly string[];
  /** The command's environment; `SHELL` in it is what script(1) would run, and is restored for the command. */
  env: Readonly<Record<string, string>>;
  /** Write the terminal's path as the first line of output, for {@link resizeTerminal}. */
  announce?: boolean;
}

/** The words that run a command with a terminal. Spawn them with `SHELL` naming a POSIX shell. */
export function terminalArguments(tools: Tools, command: TerminalCommand): string[] {
  const shell = command.env["SHELL"];
  const line = [
    shell === undefined ? "unset SHELL" : `SHELL=${shellQuote([shell])}`,
    // With a pipe for its input, script turns the terminal's echo off; a new terminal has it on.
    `${required(tools, "stty")} sane`,
    ...(command.announce ? [required(tools, "tty")] : []),
    `exec ${shellQuote(command.words)}`,
  ].join("; ");
  return [
    required(tools, "script"),
    "--quiet",
    "--return",
    "--flush",
    "--command",
    line,
    "/dev/null",
  ];
}

/** Sets the size of the terminal at a path; the kernel then tells its foreground processes (SIGWINCH). */
export function resizeTerminal(
  tools: Tools,
  path: string,
): (columns: number, rows: number) => Promise<void> {
  return async (columns, rows) => {
    await new Deno.Command(required(tools, "stty"), {
      args: ["-F", path, "columns", String(columns), "rows", String(rows)],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      // A terminal whose process has just ended can't be resized, and need not be.
      stderr: "null",
    }).output();
  };
}
