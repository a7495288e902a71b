/** `kodama snapshots`. */
import { checkedSnapshotName } from "../../../actions/session/events.ts";
import type { PlannedSnapshotRemoval } from "../../../actions/session/snapshots/snapshots.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { success } from "../../exit_codes.ts";
import { renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "../session/flags.ts";

const formats = choice(["table", "json", "yaml"]);

/** `kodama snapshots list`. */
const list = defineCommand({
  description:
    "Lists the snapshots of sessions in the cluster, newest first. They outlive their sessions. A " +
    "snapshot can be restored when it is Ready; -o json prints why it isn't.",
  operands: [{ ...sessionOperand, arity: "optional" }],
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("list the snapshots of all namespaces", { short: "A" }),
    "output": valueOr("output format", formats.parse, "table", { short: "o", ...formats }),
  },
  examples: [
    { title: "In the current namespace", line: "kodama snapshots list" },
    { title: "Of one session", line: "kodama snapshots list fix-auth" },
    { title: "As JSON, for a script", line: "kodama snapshots list -A -o json" },
  ],
  seeAlso: [
    "kodama snapshot --help takes a snapshot.",
    "kodama restore --help starts a session from a snapshot.",
  ],
  resolve({ flags, operands: [session] }) {
    const { namespace, context, kubeconfig, output: format } = flags;
    const allNamespaces = flags["all-namespaces"];
    if (allNamespaces && namespace !== undefined) {
      throw new UsageError("--namespace and --all-namespaces can't be used together");
    }
    const one = session === undefined ? {} : { session: sessionRef(flags, session).name };
    return {
      options: { ...definedOnly({ namespace, context }), allNamespaces, ...one },
      kubeconfig,
      format,
    };
  },
  async run({ options, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { listSnapshots } = await import("../../../actions/session/snapshots/snapshots.ts");
    const { snapshotData, snapshotsTable } = await import("../../../present/session_text.ts");
    const { snapshots, namespace, context } = await interruptible(
      signals,
      (signal) => listSnapshots(host, options, signal),
    );
    if (format !== "table") {
      await terminal.stdout.write(await renderData(snapshots.map(snapshotData), format));
      return success;
    }
    if (snapshots.length === 0) {
      const where = namespace === undefined ? "any namespace" : `namespace "${namespace}"`;
      const whose = options.session === undefined ? "" : ` of session "${options.session}"`;
      await terminal.stderr.write(`no snapshots${whose} in ${where} (context ${context})\n`);
      return success;
    }
    const view = { namespaces: options.allNamespaces, now: host.clock.now() };
    const lines = snapshotsTable(snapshots, view);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

/** `kodama snapshots delete`. */
const deleteCommand = defineCommand({
  description:
    "Deletes snapshots in the cluster, after confirmation. Sessions that were restored from them are " +
    "not affected: they have their own volumes.",
  operands: [
    { name: "SNAPSHOT", arity: "any", completion: { kind: "snapshots", orFile: false } },
  ],
  flags: {
    ...scopeFlags,
    yes: toggle("delete without asking", { short: "y" }),
    force: toggle("the same as --yes", { short: "f" }),
  },
  examples: [
    { title: "Ask before deleting", line: "kodama snapshots delete before-the-merge" },
    { title: "From a script", line: "kodama snapshots delete before-the-merge -n testing --yes" },
  ],
  seeAlso: ["kodama snapshots list --help lists snapshots."],
  resolve({ flags, operands }) {
    const { namespace, context, kubeconfig } = flags;
    const force = flags.yes || flags.force;
    if (operands.length === 0) {
      throw new UsageError("no snapshot is named", { hint: "kodama snapshots list lists them" });
    }
    const names = [...new Set(operands.map(checkedSnapshotName))];
    return { scope: definedOnly({ namespace, context }), names, kubeconfig, force };
  },
  async run({ scope, names, kubeconfig, force }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planSnapshotRemoval } = await import("../../../actions/session/snapshots/snapshots.ts");
    return await stoppable(signals, async (signal) => {
      const planned = await planSnapshotRemoval(host, { scope, names, signal });
      if (!force && !await askSnapshotRemoval(planned, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was deleted");
      }
      // Without a question, what can't be recovered is reported all the same.
      if (force) {
        const lines = snapshotRemovalLines(planned);
        await terminal.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
      }
      for await (const name of planned.run()) {
        await terminal.stdout.write(`snapshot/${printable(name)} is deleted\n`);
      }
      return success;
    });
  },
});

/* The question before snapshots of the cluster are deleted: their owner and their age. */

/** Returns the lines of the plan. */
function snapshotRemovalLines(
  { snapshots, namespace, context }: PlannedSnapshotRemoval,
): string[] {
  return [
    `permanently deleted, in namespace "${namespace}" (context ${context}):`,
    ...snapshots.map(({ name, session, takenAt }) =>
      `  snapshot ${name} of session "${session}" at ${takenAt}`
    ),
  ];
}

/**
 * Asks on the terminal.
 *
 * @throws UnconfirmedError if no one can be asked.
 */
export async function askSnapshotRemoval(
  plan: PlannedSnapshotRemoval,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  if (!canAsk(terminal)) {
    const names = plan.snapshots.map(({ name }) => name).join(", ");
    const noun = plan.snapshots.length === 1 ? "snapshot" : "snapshots";
    throw new UnconfirmedError(`refusing to delete ${noun} ${names} without confirmation`, {
      hint: "pass --yes",
    });
  }
  const lines = snapshotRemovalLines(plan).map((line) => `${printable(line)}\n`).join("");
  return await askYes(terminal, `${lines}Delete?`, signal);
}

/** By their names. */
export const commands = { list, delete: deleteCommand };
