/** A shell on this process's terminal: sends keys, shows its screen, and restores the terminal at the end. */
import type { ShellEvent, ShellOptions, ShellTerminal } from "../../../actions/shell/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { ShellPainter } from "../../../present/shell_painter.ts";
import { drive, type TerminalLease } from "../../../terminal/driver/drive.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import type { Invocation } from "../../invocation.ts";

/** The terminal's additions to the options of a shell. */
type ShellExtras = Pick<ShellOptions, "stdin" | "terminal" | "signal">;

/** Shows the shell that `start` opens; returns the exit code of the process. */
export async function showShell(
  start: (extras: ShellExtras) => AsyncIterable<ShellEvent>,
  { invocation, clock, isCommand }: { invocation: Invocation; clock: Clock; isCommand: boolean },
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  const isPane = (environment("KODAMA_PANE") ?? "") !== "";
  const isTerminal = terminal.stdin.isTerminal;
  return await drive<ShellEvent>(
    (lease) => {
      const { signal } = lease;
      const extras = { signal, stdin: terminal.stdin.chunks(signal) };
      const term = environment("TERM") || "xterm-256color";
      const shell = isTerminal
        ? start({ ...extras, terminal: shellTerminal(terminal, { term, signal }) })
        : start(extras);
      return inRawMode(shell, lease);
    },
    {
      terminal,
      signals,
      clock,
      painter: new ShellPainter({
        exitCodes: isPane ? "all" : isCommand ? "failures" : "none",
        newShell: "--new starts another",
      }),
      milestone: (event) => event.kind === "ended" ? event : undefined,
      interactive: true,
      // A window that was closed can't be written to; its signal ends the shell.
      whenClosed: isTerminal ? "finish" : "abort",
    },
  );
}

function shellTerminal(
  terminal: Terminal,
  { term, signal }: { term: string; signal: AbortSignal },
): ShellTerminal {
  return {
    term,
    get size() {
      return terminal.size() ?? { columns: 80, rows: 24 };
    },
    sizes: terminal.sizes(signal),
  };
}

/** The terminal is in raw mode while the shell is attached; a message comes after it was restored. */
async function* inRawMode(
  events: AsyncIterable<ShellEvent>,
  { raw, cooked }: TerminalLease,
): AsyncGenerator<ShellEvent> {
  for await (const event of events) {
    if (event.kind !== "output") await cooked();
    yield event;
    if (event.kind === "attached") raw();
  }
}
