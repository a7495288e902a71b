/** Sessions with the files of others. */
import { fillSteps, isSnapshotName } from "../../../actions/session/events.ts";
import type { RestorePlan } from "../../../actions/session/snapshots/restore.ts";
import type { RestoreFrom } from "../../../actions/session/snapshots/restore_source.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { bytesText, filesText } from "../../../present/copy_painter.ts";
import { lostWorkLines } from "../../../present/session_changes.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { success } from "../../exit_codes.ts";
import { styleOf } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { toggle } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";
import { showSessionStart } from "./show_start.ts";
import { askConsent, theirsFlag } from "./theirs.ts";

/** `kodama clone`. */
const clone = defineCommand({
  description:
    "Creates the session NEW with the definition and the files of an existing one: its workspace, " +
    "committed or not, and its agent's home, so that conversations can continue in both. The session " +
    "may be running or stopped; its files are copied from pod to pod and stored nowhere in between. " +
    "If the copy fails, NEW is removed.\n\n" +
    "Secrets are not copied: variables from dotenv files, the git token and the agent's login. " +
    "--with-secrets copies these too. Files in the workspace are always copied, even if they contain " +
    "secrets.",
  operands: [sessionOperand, { name: "NEW", arity: "one" }],
  flags: {
    ...scopeFlags,
    "with-secrets": toggle("also copy the session's secrets"),
    "timeout": timeoutFlag,
    ...theirsFlag,
  },
  examples: {
    "Clone a session to try something else": "kodama clone fix-auth fix-auth-2",
    "Include its variables and its token": "kodama clone fix-auth retry --with-secrets",
  },
  exitCodes: [
    ["0", "the new session runs"],
    ["1", "the session has failed, the name is in use, or a step failed"],
    ["3", "the new pod was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; the new session was removed"],
  ],
  seeAlso: ["kodama snapshot --help saves a session's files."],
  resolve: ({ flags, operands: [name, newName = ""] }) => ({
    options: {
      ...sessionRef(flags, name),
      newName,
      withSecrets: flags["with-secrets"],
      readyTimeoutMs: flags.timeout,
    },
    theirs: flags.theirs,
  }),
  async run({ options, theirs }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost();
    const { clone } = await import("../../../actions/session/clone.ts");
    const style = styleOf(terminal.stderr, environment);
    const view = { terminal, clock: host.clock, style, steps: fillSteps };
    const { session } = await stoppable(signals, (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      return showSessionStart(clone(host, { ...options, consent, signal }), view);
    });
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    await terminal.stderr.write(`kodama attach ${session.name} opens a shell in it\n`);
    return success;
  },
});

/** `kodama restore`. */
const restore = defineCommand({
  description:
    "Restores the files of a snapshot. If there is no session NAME, it is created with the definition " +
    "in the snapshot. If it is stopped, its files are replaced, after a confirmation that lists what " +
    "is lost. A running session is not changed.\n\n" +
    "A name of a-z, 0-9 and - is a snapshot in the cluster; anything else is a local file. Use ./name " +
    "for a file with such a name. A file is checked completely before anything is created. Existing " +
    "files stay until all files are restored, and are kept if that fails. Secrets are not restored: " +
    "set them with kodama start --env-file. A snapshot in the cluster contains the agent's login, " +
    "which is only restored with --with-secrets. The session is not synced with a local folder until " +
    "you request it.",
  operands: [
    sessionOperand,
    { name: "SNAPSHOT|FILE", arity: "one", completion: { kind: "snapshots", orFile: true } },
  ],
  flags: {
    ...scopeFlags,
    "yes": toggle("replace existing files without asking", { short: "y" }),
    "discard": toggle("lose work in them that nothing else has, such as commits"),
    "with-secrets": toggle("also restore the agent's login (cluster snapshots only)"),
    "timeout": timeoutFlag,
    ...theirsFlag,
  },
  examples: {
    "As a new session": "kodama restore fix-auth-2 before-the-merge",
    "From a file": "kodama restore fix-auth-2 fix-auth.tar.gz",
    "Into the same session, which is stopped": "kodama restore fix-auth before-the-merge",
  },
  exitCodes: [
    ["0", "the session runs"],
    ["1", "the session is running, the snapshot is incomplete, or a step failed"],
    ["2", "files would be replaced, and that was not confirmed"],
    ["3", "the pod was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; the message lists what remains"],
  ],
  seeAlso: [
    "kodama snapshot --help saves a session's files.",
    "kodama snapshots list --help lists the snapshots in the cluster.",
  ],
  resolve: ({ flags, operands: [name, source = ""] }) => {
    const withSecrets = flags["with-secrets"];
    const from: RestoreFrom = isSnapshotName(source)
      ? { kind: "snapshot", name: source }
      : { kind: "file", path: source };
    if (withSecrets && from.kind === "file") {
      throw new UsageError(
        "--with-secrets is for a snapshot of the cluster: a file has no secrets",
      );
    }
    return {
      options: { ...sessionRef(flags, name), from, withSecrets, readyTimeoutMs: flags.timeout },
      yes: flags.yes,
      discard: flags.discard,
      theirs: flags.theirs,
    };
  },
  async run(
    { options, yes, discard, theirs },
    { host: openHost, signals, terminal, environment },
  ) {
    const host = await openHost();
    const { planRestore } = await import("../../../actions/session/snapshots/restore.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const planned = await planRestore(host, { ...options, consent, signal });
      const { plan } = planned;
      const lines = [snapshotLine(plan), ...(yes ? lostLines(plan) : [])];
      await terminal.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
      if (plan.lost.length > 0 && !yes && !await askRestore(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was changed");
      }
      const view = { terminal, clock: host.clock, style, steps: fillSteps };
      const accepted = discard ? "everything" : yes ? "nothing" : "shown";
      return await showSessionStart(planned.run(accepted), view);
    });
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    return success;
  },
});

/* The question before files are replaced: the content of the snapshot, and the files that are lost. */

/** Describes the restored files. */
function snapshotLine({ snapshot }: RestorePlan): string {
  const { session, takenAt, content, image } = snapshot;
  const what = content.kind === "file"
    ? `${filesText(content.files)}, ${bytesText(content.bytes)}`
    : content.volumes.map(({ name, size }) => `${name} (${size})`).join(", ");
  return `snapshot of session "${session}" at ${takenAt.toISOString()}: ${what}, image ${image}`;
}

/** Describes the lost files. */
function lostLines({ lost, unsaved }: RestorePlan): string[] {
  if (lost.length === 0) return [];
  return [
    "replaced, and permanently deleted:",
    ...lost.map(({ name, size }) => `  the contents of ${name} (${size})`),
    ...lostWorkLines(unsaved),
  ];
}

/**
 * Asks on the terminal.
 *
 * @throws UnconfirmedError if no one can be asked.
 */
export async function askRestore(
  plan: RestorePlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = lostLines(plan).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const names = plan.lost.map(({ name }) => name).join(" and ");
    throw new UnconfirmedError(
      `refusing to restore session "${plan.name}" without confirmation: the contents of ${names} would be lost`,
      { hint: "pass --yes; kodama snapshot saves those files first" },
    );
  }
  return await askYes(terminal, `${lines}Restore it?`, signal);
}

/** The commands of this file, by name. */
export const commands = { clone, restore };
