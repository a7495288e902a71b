/** The question before a command runs in many pods. */
import type { ExecOptions, ExecQuestion } from "../../actions/exec_events.ts";
import { counted } from "../../base/counted.ts";
import { UsageError } from "../../base/errors.ts";
import { printable } from "../../term/printable.ts";
import type { Terminal } from "../../term/terminal.ts";

/** Names listed in the question. */
const namesShown = 20;

/** The lines of the question; the last one awaits the answer. */
export function questionText({ names, command }: ExecQuestion): string {
  const shown = names.slice(0, namesShown).map((name) => `  ${name}`);
  const more = names.length - shown.length;
  const text = [
    `This runs in ${counted(names.length, "pod")}:`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  $ ${command.join(" ")}`,
  ];
  return `${text.map(printable).join("\n")}\nRun it? [y/N] `;
}

/** Whether an answer is a yes. Anything but a clear one is a no. */
export function isYes(answer: string): boolean {
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/** The answer that is typed behind a question. At the end of input it is a no, and the question's line is ended. */
export async function readYes(terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  for await (const chunk of terminal.stdin.chunks(signal)) {
    return isYes(new TextDecoder().decode(chunk));
  }
  if (!signal.aborted) await terminal.stderr.write("\n");
  return false;
}

/**
 * Asks on the terminal. Throws `UsageError` where there is nobody to ask, or where standard input
 * belongs to the commands: kodama never waits for an answer that can't come.
 */
export function confirmOn(
  terminal: Terminal,
  options: { above: number; stdin: boolean; signal: AbortSignal },
): NonNullable<ExecOptions["confirm"]> {
  const ask = async (question: ExecQuestion): Promise<boolean> => {
    if (options.stdin || !terminal.stdin.isTerminal || !terminal.stderr.isTerminal) {
      throw new UsageError(`running this in ${counted(question.names.length, "pod")} needs a yes`, {
        hint: "--yes says it; --list shows the pods",
      });
    }
    await terminal.stderr.write(questionText(question));
    await terminal.stderr.flush();
    return await readYes(terminal, options.signal);
  };
  return { above: options.above, ask };
}
