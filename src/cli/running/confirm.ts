/** The question before a command runs in many pods. */
import type { ExecOptions, ExecQuestion } from "../../actions/exec_events.ts";
import { counted } from "../../base/counted.ts";
import { UsageError } from "../../base/errors.ts";
import { printable } from "../../term/printable.ts";
import type { Terminal } from "../../term/terminal.ts";
import { askYes, canAsk } from "../ask_yes.ts";

/** Names listed in the question. */
const namesShown = 20;

/** The lines of the question; the answer stands behind the last one. */
function questionText({ names, command }: ExecQuestion): string {
  const shown = names.slice(0, namesShown).map((name) => `  ${name}`);
  const more = names.length - shown.length;
  const text = [
    `This runs in ${counted(names.length, "pod")}:`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  $ ${command.join(" ")}`,
  ];
  return `${text.map(printable).join("\n")}\nRun it?`;
}

/** How a question is asked. */
export interface Confirming {
  /** More pods than this need a yes. */
  above: number;
  /** Standard input belongs to the commands. */
  stdin: boolean;
  /** The words that show the pods in place of a question, as in `--list`. */
  listing: string;
  signal: AbortSignal;
}

/**
 * Asks on the terminal. Throws `UsageError` where there is nobody to ask, or where standard input
 * belongs to the commands.
 */
export function confirmOn(
  terminal: Terminal,
  options: Confirming,
): NonNullable<ExecOptions["confirm"]> {
  const ask = async (question: ExecQuestion): Promise<boolean> => {
    if (options.stdin || !canAsk(terminal)) {
      throw new UsageError(`running this in ${counted(question.names.length, "pod")} needs a yes`, {
        hint: `--yes says it; ${options.listing} shows the pods`,
      });
    }
    return await askYes(terminal, questionText(question), options.signal);
  };
  return { above: options.above, ask };
}
