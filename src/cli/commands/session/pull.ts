import type { Pulled } from "../../../actions/session/pull.ts";
import { plural } from "../../../base/plural.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, value } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

/** `kodama pull`. */
export const command = defineCommand({
  description:
    "Fetches a session's branch, pushed or not, into the repository of the current directory. Only " +
    "the branch is updated: nothing is checked out, and a local branch that has diverged is not " +
    "changed. In a folder that is synced with the session, which has the branch's files already, HEAD " +
    "moves to the branch too.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    as: value("local name of the branch (default the same name)", text, { placeholder: "BRANCH" }),
  },
  examples: [
    { title: "Fetch what the agent committed", line: "kodama pull fix-auth" },
    { title: "Under another name", line: "kodama pull fix-auth --as review" },
  ],
  exitCodes: [
    ["1", "the local branch has diverged, or the session is not running"],
    ["2", "the current directory is not a clone of the session's repository"],
  ],
  seeAlso: ["kodama get --help shows the commits of a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), ...definedOnly({ as: flags.as }) },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { pull } = await import("../../../actions/session/pull.ts");
    const pulled = await stoppable(signals, (signal) => pull(host, { ...options, signal }));
    const { branch, commitHash, nothingNew, uncommitted, checkout } = pulled;
    const commit = `${printable(branch)} at ${commitHash.slice(0, 12)}`;
    await terminal.stdout.write(
      nothingNew ? `nothing new: the origin has ${commit}\n` : `${commit}\n`,
    );
    if (uncommitted > 0) {
      await terminal.stderr.write(
        `${plural(uncommitted, "file")} not committed in the session, and not fetched\n`,
      );
    }
    if (checkout !== undefined) {
      await terminal.stderr.write(`${printable(checkoutText(checkout, branch))}\n`);
    }
    return success;
  },
});

function checkoutText(checkout: NonNullable<Pulled["checkout"]>, branch: string): string {
  switch (checkout.kind) {
    case "switched":
      return `${branch} is checked out here: its files were already synced`;
    case "advanced":
      return `${branch}, which is checked out here, has the new commits`;
    case "stays":
      return `${branch} isn't checked out here: ${checkout.reason}; git checkout and git stash would ` +
        `change the session's files too, this doesn't: ${checkout.command}`;
  }
}
