/** The question whether to trust a workflow of a repository. */
import type { TrustAsk } from "../../../actions/workflow/trust.ts";
import { trustText } from "../../../present/trust_question.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";

/** Asks on the terminal; undefined if no one can be asked. */
export function askTrust(
  terminal: Terminal,
  options: { signal: AbortSignal },
): ((question: TrustAsk) => Promise<boolean>) | undefined {
  if (!canAsk(terminal)) return undefined;
  return (question) => askYes(terminal, `${trustText(question)}Trust it?`, options.signal);
}
