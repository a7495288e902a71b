import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { renderData } from "../../output.ts";
import { scopeFlags, sessionOperand, sessionRef } from "../session/flags.ts";

const formats = choice(["table", "json", "yaml"]);

/** `kodama snapshots list`. */
export const command = defineCommand({
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
    const { snapshotData, snapshotsTable } = await import("../../../present/snapshot_text.ts");
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
