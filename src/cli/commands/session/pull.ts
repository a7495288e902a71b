import type { Pulled } from "../../../actions/session/pull.ts";
import { counted } from "../../../base/counted.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, value } from "../../parser/flag.ts";
import { placeOf, scopeFlags, sessionOperand } from "./flags.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

/** `kodama pull`. */
export const command = defineCommand({
  description:
    "Brings a session's branch into the repository of the working folder, pushed or not. Only the branch " +
    "changes there: nothing is checked out, and a branch that has gone another way stays as it is. In a folder that " +
    "is synced with the session, and so has the branch's files already, HEAD moves to the branch too.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    as: value("name of the branch here (default its own)", text, { placeholder: "BRANCH" }),
  },
  examples: [
    { title: "What the agent committed", line: "kodama pull fix-auth" },
    { title: "Under a name of yours", line: "kodama pull fix-auth --as review" },
  ],
  exitCodes: [
    ["1", "the branch here has gone another way, or the session doesn't run"],
    ["2", "the working folder is not a clone of the session's repository"],
  ],
  seeAlso: ["kodama get --help shows what there is to bring."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...placeOf(flags, name), ...definedOnly({ as: flags.as }) },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { pull } = await import("../../../actions/session/pull.ts");
    const pulled = await stoppable(signals, (signal) => pull(host, { ...options, signal }));
    const { branch, commitHash, nothingNew, uncommitted, checkout } = pulled;
    const place = `${printable(branch)} at ${commitHash.slice(0, 12)}`;
    await terminal.stdout.write(
      nothingNew ? `nothing new: the origin has ${place}\n` : `${place}\n`,
    );
    if (uncommitted > 0) {
      await terminal.stderr.write(
        `${counted(uncommitted, "file")} not committed in the session: not brought\n`,
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
      return `${branch} is checked out here: the sync had brought its files`;
    case "advanced":
      return `${branch}, which is checked out here, has the new commits`;
    case "stays":
      return `${branch} isn't checked out here: ${checkout.reason}; git checkout and git stash would ` +
        `change the session's files too, this doesn't: ${checkout.command}`;
  }
}
