import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { deletionLines } from "../../../present/session_changes.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import type { Invocation } from "../../invocation.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { DeletionPlan } from "../../../actions/session/events.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";

/** `kodama delete`. */
export const command = defineCommand({
  description:
    "Deletes a session: its pod, its secrets, its configuration and its state. The workspace and the " +
    "agent's home are retained, and a session of the same name uses them again; --purge deletes them " +
    "too, after a confirmation that lists what is lost. Snapshots in the cluster are retained unless " +
    "--purge --snapshots is given. An interrupted deletion is finished by the same command.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    "purge": toggle("also delete the workspace and the agent's home"),
    "snapshots": toggle("with --purge: also delete the session's snapshots in the cluster"),
    "keep-config": toggle("keep the session's file in kodama's local folder"),
    "yes": toggle("delete without asking", { short: "y" }),
    "force": toggle("the same as --yes", { short: "f" }),
  },
  examples: [
    { title: "Ask before deleting", line: "kodama delete my-work" },
    {
      title: "From a script, in another namespace",
      line: "kodama delete experiment -n testing --yes",
    },
    { title: "With its volumes", line: "kodama delete my-work --purge" },
  ],
  seeAlso: ["kodama stop --help deletes only the pod."],
  resolve: ({ flags, operands: [name] }) => {
    const { purge, snapshots, kubeconfig } = flags;
    const force = flags.yes || flags.force;
    if (snapshots && !purge) {
      throw new UsageError("--snapshots needs --purge", {
        hint: "kodama snapshots delete deletes single snapshots",
      });
    }
    const keepConfig = flags["keep-config"];
    return {
      options: { ...sessionRef(flags, name), purge, snapshots, keepConfig },
      force,
      kubeconfig,
    };
  },
  async run({ options, force, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planDeletion } = await import("../../../actions/session/delete.ts");
    return await stoppable(signals, async (signal) => {
      const planned = await planDeletion(host, { ...options, signal });
      const { plan } = planned;
      if (!force && !await askDeletion(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was deleted");
      }
      // Without a question, what can't be recovered is reported all the same.
      if (force && plan.purge) {
        await terminal.stderr.write(
          deletionLines(plan, purgeFlag).map((line) => `${printable(line)}\n`).join(""),
        );
      }
      for await (const { kind, name } of planned.run()) {
        await terminal.stderr.write(`${kind} ${name} deleted\n`);
      }
      await terminal.stdout.write(`session/${plan.name} is deleted\n`);
      if (!plan.purge && plan.claims.length > 0) {
        const names = plan.claims.map(({ name }) => name).join(", ");
        await terminal.stderr.write(`retained: ${names}; --purge deletes them\n`);
      }
      if (plan.purge && !plan.takesSnapshots) await reportRetained(plan.snapshots, terminal);
      return success;
    });
  },
});

async function reportRetained(
  snapshots: readonly { name: string }[],
  { stderr }: Invocation["terminal"],
): Promise<void> {
  if (snapshots.length === 0) return;
  const names = snapshots.map(({ name }) => `snapshot ${printable(name)}`).join(", ");
  await stderr.write(`retained: ${names}; kodama snapshots delete deletes them\n`);
}

/* The question before a session is deleted: what is deleted, and what is retained. */

/** The choice that removes the volumes too. */
const purgeFlag = "--purge";

/**
 * Asks on the terminal.
 *
 * @throws UnconfirmedError if no one can be asked.
 */
export async function askDeletion(
  plan: DeletionPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = deletionLines(plan, purgeFlag).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const whose = plan.otherOwner === undefined ? "" : ` of ${plan.otherOwner}`;
    throw new UnconfirmedError(
      printable(`refusing to delete session "${plan.name}"${whose} without confirmation`),
      { hint: "pass --yes" },
    );
  }
  return await askYes(terminal, `${lines}Delete it?`, signal);
}
