/** The consent to a verb on another user's session: asked for on the terminal, whatever else is confirmed. */
import type { Consent } from "../../../actions/session/owner.ts";
import { KodamaError, UnconfirmedError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { toggle } from "../../parser/flag.ts";

/** The flag that gives it; `--yes` and `--force` answer other questions. */
export const theirsFlag = { theirs: toggle("accept that the session belongs to another user") };

/**
 * Returns how a command obtains it. The consent rejects with an UnconfirmedError if there is no terminal to ask on, and
 * with a KodamaError `declined` after a no.
 *
 * @param theirs {@link theirsFlag} is given.
 */
export function askConsent(
  { theirs, terminal, signal }: { theirs: boolean; terminal: Terminal; signal: AbortSignal },
): Consent {
  return async ({ verb, name, owner }) => {
    if (theirs) return;
    const whose = `it belongs to ${owner}`;
    if (!canAsk(terminal)) {
      throw new UnconfirmedError(
        printable(`refusing to ${verb} session "${name}" without confirmation: ${whose}`),
        { hint: "pass --theirs" },
      );
    }
    const does = `${verb[0]?.toUpperCase()}${verb.slice(1)} it?`;
    const question = `session "${name}": ${whose}. ${does}`;
    if (await askYes(terminal, printable(question), signal)) return;
    throw new KodamaError("declined", "cancelled; nothing was changed");
  };
}
