import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { commandHint } from "../../../present/hints.ts";
import { printable } from "../../../terminal/printable.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { TransferPlan } from "../../../actions/session/team.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

/** `kodama transfer`. */
export const command = defineCommand({
  description:
    "Transfers a session to another owner, who can then start, stop and delete it without being asked " +
    "whose it is. It runs on, and a note records the transfer. It grants no rights in the cluster, which " +
    "kodama share prints; and the old owner's variables remain in the session until the new one replaces " +
    "them.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    to: value("the new owner, as the cluster knows the user", text, { placeholder: "USER" }),
    yes: toggle("transfer someone else's session without asking", { short: "y" }),
  },
  examples: [
    { title: "To a teammate", line: "kodama transfer fix-auth --to bob@example.com" },
    {
      title: "Someone else's session, from a script",
      line: "kodama transfer fix-auth --to bob@example.com --yes",
    },
  ],
  exitCodes: [
    ["0", "the session has the new owner"],
    ["1", "there is no such session, or the transfer was declined"],
    ["2", "the command line is wrong, or there is no terminal to ask on"],
  ],
  seeAlso: ["kodama share --help prints the rights that a teammate needs."],
  resolve({ flags: { to, yes, kubeconfig, ...flags }, operands: [name] }) {
    const ref = sessionRef(flags, name);
    if (to === undefined) {
      throw new UsageError("--to is missing", { hint: "--to USER names the new owner" });
    }
    return { options: { ...ref, to }, yes, kubeconfig };
  },
  async run({ options, yes, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planTransfer } = await import("../../../actions/session/team.ts");
    const { plan, warning } = await stoppable(signals, async (signal) => {
      const { plan, run } = await planTransfer(host, { ...options, signal });
      if (!yes && !await askTransfer(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was changed");
      }
      return { plan, ...await run() };
    });
    const { session: { name }, to } = plan;
    if (warning !== undefined) await terminal.stderr.write(`warning: ${commandHint(warning)}\n`);
    await terminal.stdout.write(printable(`session/${name} belongs to ${to}`) + "\n");
    for (const line of remainingLines(plan)) await terminal.stderr.write(`${printable(line)}\n`);
    return success;
  },
});

/** Returns the lines about what isn't transferred. */
function remainingLines({ session: { name }, from = "its old owner", to, secrets }: TransferPlan) {
  const { variables, gitToken } = secrets;
  const all = [...variables, ...(gitToken ? ["the token for git"] : [])].join(", ");
  return [
    ...(all === "" ? [] : [
      `warning: these are still those of ${from}: ${all}; ` +
      `kodama start ${name} --env-file FILE by ${to} replaces them`,
    ]),
    `kodama share ${name} --to ${to} prints the rights that ${to} needs`,
  ];
}

/** Returns whether to transfer: at once if the session is the caller's, else by the person's answer. */
async function askTransfer(
  { session: { name }, otherOwner, to }: TransferPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  if (otherOwner === undefined) return true;
  const whose = `it belongs to ${otherOwner}`;
  if (!canAsk(terminal)) {
    throw new UnconfirmedError(
      `refusing to transfer session "${name}" without confirmation: ${whose}`,
      { hint: "pass --yes" },
    );
  }
  const question = `session "${name}": ${whose}. Transfer it to ${to}?`;
  return await askYes(terminal, printable(question), signal);
}
