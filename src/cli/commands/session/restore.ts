import { fillSteps, isSnapshotName } from "../../../actions/session/events.ts";
import type { RestoreFrom } from "../../../actions/session/snapshots/restore_source.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { styleOf } from "../../output.ts";
import { placeOf, scopeFlags, sessionOperand, timeoutFlag } from "./flags.ts";
import { showStart } from "./show_start.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { RestorePlan } from "../../../actions/session/snapshots/restore.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { bytesText, filesText } from "../cp/amounts.ts";

/** `kodama restore`. */
export const command = defineCommand({
  description:
    "Brings the files of a snapshot back. Where there is no session NAME, one is begun as the snapshot has it; " +
    "of one that is stopped the files are replaced, after a question that names what is lost. A session that runs " +
    "is left alone.\n\n" +
    "A word of a-z, 0-9 and - names a snapshot of the cluster, all else a file: ./name is one without a dot. A file " +
    "is read to its end before anything is made of it. What was there stays until all has come, and is there again " +
    "where it fails. Secrets aren't restored: give the session its own, with kodama start --env-file. Whom the " +
    "agent was signed in as is in a snapshot of the cluster, and comes along with --with-secrets alone. No folder is " +
    "kept in step with the session until you ask for one.",
  operands: [
    sessionOperand,
    {
      name: "SNAPSHOT|FILE",
      arity: "one",
      completion: { kind: "snapshots", orFile: true },
    },
  ],
  flags: {
    ...scopeFlags,
    "yes": toggle("replace what is there without asking", { short: "y" }),
    "with-secrets": toggle("whom the agent was signed in as too, of a snapshot in the cluster"),
    "timeout": timeoutFlag,
  },
  examples: [
    {
      title: "As a session of another name",
      line: "kodama restore fix-auth-2 before-the-merge",
    },
    { title: "From a file", line: "kodama restore fix-auth-2 fix-auth.tar.gz" },
    {
      title: "A stopped one, back to where it was",
      line: "kodama restore fix-auth before-the-merge",
    },
  ],
  exitCodes: [
    ["0", "the session runs"],
    ["1", "the session runs already, the snapshot isn't whole, or a step failed"],
    ["2", "files would be replaced, and nobody said yes"],
    ["3", "the pod wasn't ready in time"],
    ["130", "stopped by Ctrl-C or a signal; the message says what is left"],
  ],
  seeAlso: [
    "kodama snapshot --help keeps a session's files.",
    "kodama snapshots list --help lists the snapshots of the cluster.",
  ],
  resolve: ({ flags, operands: [name, word = ""] }) => {
    const withSecrets = flags["with-secrets"];
    const from: RestoreFrom = isSnapshotName(word)
      ? { kind: "snapshot", name: word }
      : { kind: "file", path: word };
    if (withSecrets && from.kind === "file") {
      throw new UsageError(
        "--with-secrets is for a snapshot of the cluster: a file has no secrets",
      );
    }
    return {
      options: { ...placeOf(flags, name), from, withSecrets, readyTimeoutMs: flags.timeout },
      yes: flags.yes,
      kubeconfig: flags.kubeconfig,
    };
  },
  async run({ options, yes, kubeconfig }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost({ kubeconfig });
    const { planRestore } = await import("../../../actions/session/snapshots/restore.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(signals, async (signal) => {
      const planned = await planRestore(host, { ...options, signal });
      const { plan } = planned;
      const told = [snapshotLine(plan), ...(yes ? lostLines(plan) : [])];
      await terminal.stderr.write(told.map((line) => `${printable(line)}\n`).join(""));
      if (plan.lost.length > 0 && !yes && !await askRestore(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was changed");
      }
      const view = { terminal, clock: host.clock, style, steps: fillSteps };
      return await showStart(planned.run(), view);
    });
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    return success;
  },
});

/* The question before files are replaced: the content of the snapshot, and what is lost. */

/** Describes what is restored. */
function snapshotLine({ snapshot }: RestorePlan): string {
  const { session, takenAt, content, image } = snapshot;
  const what = content.kind === "file"
    ? `${filesText(content.files)}, ${bytesText(content.bytes)}`
    : content.volumes.map(({ name, size }) => `${name} (${size})`).join(", ");
  return `snapshot of session "${session}" at ${takenAt.toISOString()}: ${what}, image ${image}`;
}

/** Describes what is lost. */
function lostLines({ lost }: RestorePlan): string[] {
  if (lost.length === 0) return [];
  return [
    "replaced, and permanently deleted:",
    ...lost.map(({ name, size }) => `  what is in ${name} (${size})`),
  ];
}

/**
 * Asks on the terminal.
 *
 * @throws UsageError if no one can be asked.
 */
export async function askRestore(
  plan: RestorePlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = lostLines(plan).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const names = plan.lost.map(({ name }) => name).join(" and ");
    throw new UsageError(
      `refusing to restore session "${plan.name}" without confirmation: what is in ${names} is lost`,
      { hint: "pass --yes; kodama snapshot saves those files first" },
    );
  }
  return await askYes(terminal, `${lines}Restore it?`, signal);
}
