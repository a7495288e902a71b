/** Asks on the terminal before a change of many pods. */
import type { ChangeQuestion, Confirm } from "../../../actions/exec/events.ts";
import { plural } from "../../../base/plural.ts";
import { UnconfirmedError } from "../../../base/errors.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { questionText, wholeText } from "../../../present/change_question.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askChoice, canAsk } from "../../ask_yes.ts";

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

/** Returns the option `confirm` of an action: none if `--yes` has confirmed its changes. */
export function confirmOption(
  terminal: Terminal,
  { yes, above }: { yes: boolean; above: number | undefined },
  options: Omit<Confirming, "above">,
): { confirm?: Confirm } {
  return yes ? {} : { confirm: confirmOn(terminal, { above, ...options }) };
}

/** Without a terminal nothing is changed without confirmation, and nothing waits for an answer that can't come. */
function refusal({ action, count, scopes }: ChangeQuestion, listing: string): UnconfirmedError {
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
  });
}
