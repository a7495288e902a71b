/** Asks on the terminal before a change of many pods. */
import type { AskAboutModel } from "../../../actions/confirm_change.ts";
import type { ChangeQuestion, Confirm } from "../../../actions/exec/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { plural } from "../../../base/plural.ts";
import { UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { commandArgs, commandLine } from "../../../base/shell_quote.ts";
import { questionText, wholeText } from "../../../present/change_question.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askChoice, askOrEdit, canAsk } from "../../ask_yes.ts";

/** Options of a question. */
interface Confirming {
  /** A change of more pods than this is confirmed; undefined for the value in the settings. */
  above: number | undefined;
  /** Standard input goes to the commands. */
  stdin: boolean;
  /** The arguments that show the pods instead of asking, as in `--list`. */
  listing: string;
  signal: AbortSignal;
}

/**
 * Asks on the terminal. `ask` throws `UnconfirmedError` if no one can be asked, or if standard input goes to the
 * commands.
 */
export function confirmOn(terminal: Terminal, options: Confirming): Confirm {
  const ask = async (question: ChangeQuestion): Promise<boolean> => {
    if (options.stdin || !canAsk(terminal)) throw refusal(question, options.listing);
    const columns = terminal.size()?.columns ?? 80;
    return await askChoice(terminal, {
      text: `${questionText(question, columns)}\nContinue?`,
      choices: "y/N, l lists the pods",
      more: { key: "l", text: () => wholeText(question) },
    }, options.signal);
  };
  return options.above === undefined ? { ask } : { above: options.above, ask };
}

/** Like {@link confirmOn}, for changes that a model requests: the person can edit the command. */
export function askAboutModelOn(
  terminal: Terminal,
  options: Confirming & { clock: Clock },
): AskAboutModel {
  return async (question, command) => {
    const line = commandLine(command?.args ?? []);
    // What can't be seen on one line can't be edited there.
    const isOneLine = printable(line) === line && !/[\t\n]/.test(line);
    if (command === undefined || !isOneLine) {
      return await confirmOn(terminal, options).ask(question);
    }
    if (!canAsk(terminal)) throw refusal(question, options.listing);
    for (;;) {
      const columns = terminal.size()?.columns ?? 80;
      const answer = await askOrEdit(terminal, {
        text: `${questionText(question, columns)}\nContinue?`,
        choices: "y/N, l lists the pods, e edits the command",
        more: { key: "l", text: () => wholeText(question) },
        edit: { key: "e", prompt: `${command.program ?? ">"} `, line, clock: options.clock },
      }, options.signal);
      if (typeof answer === "boolean") return answer;
      try {
        const args = commandArgs(answer);
        if (args.length > 0) return { args };
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        const hint = typeof error.hint === "string" ? `; ${error.hint}` : "";
        await terminal.stderr.write(`${error.message}${hint}\n`);
      }
    }
  };
}

/** Returns the option `confirm` of an action: none if `--yes` has confirmed its changes. */
export function confirmOption(
  terminal: Terminal,
  { yes, above }: { yes: boolean; above: number | undefined },
  options: Omit<Confirming, "above">,
): { confirm?: Confirm } {
  return yes ? {} : { confirm: confirmOn(terminal, { above, ...options }) };
}

/** Without a terminal nothing is changed without confirmation, and nothing waits for an answer that can't come. */
function refusal(question: ChangeQuestion, listing: string): UnconfirmedError {
  const { action, count, scopes } = question;
  const pods = plural(count, "pod");
  const what = {
    // Without pods it changes objects of the cluster.
    command: count === 0 && action.kind === "command"
      ? `run ${printable(commandLine(action.command))}`
      : `run in ${pods}`,
    copy: `copy into ${pods}`,
    shells: `open shells in ${pods}`,
    kubectl: "run kubectl",
    forward: "open local ports",
    agent: "give its agent this",
    clusterRun: action.kind === "clusterRun" ? `create ${action.object}` : "",
    steps: action.kind === "steps" ? `run the workflow ${action.workflow}` : "",
  }[action.kind];
  const contexts = [...new Set(scopes.map(({ context }) => context))];
  const where = contexts.length === 0 ? "" : ` (context ${contexts.join(", ")})`;
  return new UnconfirmedError(`refusing to ${what}${where} without confirmation`, {
    hint: `pass --yes to confirm, or ${listing} to see what it would do`,
    asked: questionText(question, 80),
  });
}
