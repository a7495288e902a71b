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
import { whereText, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { listScope } from "../../parser/scope_flags.ts";
import { choice, durationMs, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "../session/flags.ts";
import type { SnapshotOptions } from "../../../actions/session/snapshots/snapshot.ts";
import type { TakeOptions } from "../../../actions/session/snapshots/take.ts";
import { bytesText, filesText } from "../../../present/copy_painter.ts";
import { jsonDocument } from "../../../present/json.ts";
import { snapshotData, takenLines } from "../../../present/session_text.ts";
import type { Host } from "../../../actions/host.ts";
import type { Invocation } from "../../invocation.ts";
import { askConsent, theirsFlag } from "../session/theirs.ts";
import { showProgress } from "../../show_progress.ts";

/** `kodama snapshots list`. */
const list = defineCommand({
  description:
    "Lists the snapshots of sessions in the cluster, newest first. They outlive their sessions. A " +
    "snapshot can be restored when it is Ready; -o json prints why it isn't.",
  operands: [{ ...sessionOperand, arity: "optional" }],
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("list the snapshots of all namespaces", { short: "A" }),
    "output": valueOr("output format", choice(["table", "json", "yaml"]), "table", { short: "o" }),
  },
  examples: {
    "In the current namespace": "kodama snapshots list",
    "Of one session": "kodama snapshots list fix-auth",
    "As JSON, for a script": "kodama snapshots list -A -o json",
  },
  seeAlso: [
    "kodama snapshot --help takes a snapshot.",
    "kodama restore --help starts a session from a snapshot.",
  ],
  resolve({ flags, operands: [session] }) {
    const { output: format } = flags;
    const one = session === undefined ? {} : { session: sessionRef(flags, session).name };
    return { options: { ...listScope(flags), ...one }, format };
  },
  async run({ options, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { listSnapshots } = await import("../../../actions/session/snapshots/snapshots.ts");
    const { snapshotData, snapshotsTable } = await import("../../../present/session_text.ts");
    const { snapshots, namespace, context } = await interruptible(
      signals,
      (signal) => listSnapshots(host, options, signal),
    );
    const whose = options.session === undefined ? "" : ` of session "${options.session}"`;
    const view = { namespaces: options.allNamespaces, now: host.clock.now() };
    return await writeList(terminal, snapshots, {
      format,
      data: snapshotData,
      table: () => snapshotsTable(snapshots, view),
      empty: `no snapshots${whose} in ${whereText({ namespace, context })}`,
    });
  },
});

/** `kodama snapshots delete`. */
const deleteCommand = defineCommand({
  description:
    "Deletes snapshots in the cluster, after confirmation. Sessions that were restored from them are " +
    "not affected: they have their own volumes.",
  operands: [{ name: "SNAPSHOT", arity: "any", completion: { kind: "snapshots", orFile: false } }],
  flags: {
    ...scopeFlags,
    yes: toggle("delete without asking", { short: "y" }),
    force: toggle("the same as --yes", { short: "f" }),
    ...theirsFlag,
  },
  examples: {
    "Ask before deleting": "kodama snapshots delete before-the-merge",
    "From a script": "kodama snapshots delete before-the-merge -n testing --yes",
  },
  seeAlso: ["kodama snapshots list --help lists snapshots."],
  resolve({ flags, operands }) {
    const { namespace, context, theirs } = flags;
    const force = flags.yes || flags.force;
    if (operands.length === 0) {
      throw new UsageError("no snapshot is named", { hint: "kodama snapshots list lists them" });
    }
    const names = [...new Set(operands.map(checkedSnapshotName))];
    return { scope: definedOnly({ namespace, context }), names, force, theirs };
  },
  async run({ scope, names, force, theirs }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { planSnapshotRemoval } = await import("../../../actions/session/snapshots/snapshots.ts");
    return await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const planned = await planSnapshotRemoval(host, { scope, names, consent, signal });
      if (!force && !await askSnapshotRemoval(planned, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was deleted");
      }
      // Without a question, unrecoverable work is reported all the same.
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

type FileOptions = Omit<SnapshotOptions, "signal">;
type ClusterOptions = Omit<TakeOptions, "signal">;

/** `kodama snapshot`. */
const snapshot = defineCommand({
  description:
    "Saves a session's files: its workspace, committed or not, its agent's conversations and tasks, " +
    "and the session's definition.\n\n" +
    "By default, VolumeSnapshots are created in the cluster, if its storage supports them. The " +
    "session may be running or stopped, and everyone with rights in the namespace can use the " +
    "snapshot. The command succeeds when the cluster reports the snapshot as ready to use. It " +
    "contains complete volumes, and so the agent's login, which is removed when the snapshot is " +
    "restored.\n\n" +
    "With --output, the files are written to a local file that only you can read. The file appears " +
    "under its name when it is complete. It contains no secrets: no variables from dotenv files, no " +
    "git token and no agent's login. Files in the workspace are included, even if they contain " +
    "secrets.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    as: value("name of the snapshot in the cluster (default NAME-TIME)", text, {
      placeholder: "SNAPSHOT",
    }),
    class: value(
      "VolumeSnapshotClass to use (default the one of the storage driver)",
      text,
      { placeholder: "NAME" },
    ),
    timeout: value("time to wait for the cluster's snapshot (default 5m)", durationMs),
    output: value("write a local FILE instead of a snapshot in the cluster", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    format: valueOr("output format", choice(["text", "json"]), "text"),
  },
  examples: {
    "Take a snapshot in the cluster": "kodama snapshot fix-auth",
    "With a name": "kodama snapshot fix-auth --as before-the-merge",
    "As a local file": "kodama snapshot fix-auth --output fix-auth.tar.gz",
  },
  exitCodes: [
    [
      "1",
      "the cluster has no snapshots, the session has failed, the file exists, or a step failed",
    ],
    ["3", "the cluster's snapshot was not ready in time, and was removed"],
    ["130", "stopped by Ctrl-C or a signal; nothing remains"],
  ],
  seeAlso: [
    "kodama restore --help restores a snapshot.",
    "kodama snapshots list --help lists the snapshots in the cluster.",
  ],
  resolve: ({ flags, operands: [name] }) => {
    const { output, as, class: className, timeout, format } = flags;
    const ref = sessionRef(flags, name);
    if (output === undefined) {
      const request = definedOnly({ as, className });
      const options: ClusterOptions = { ...ref, ...request, readyTimeoutMs: timeout ?? 300_000 };
      return { kind: "cluster" as const, options, format };
    }
    const given = Object.entries({ as, class: className, timeout })
      .find(([, one]) => one !== undefined);
    if (given !== undefined) {
      throw new UsageError(
        `--${given[0]} is for a snapshot in the cluster, and --output for a file`,
      );
    }
    const options: FileOptions = { ...ref, output };
    return { kind: "file" as const, options, format };
  },
  async run({ format, ...work }, invocation) {
    const host = await invocation.host();
    if (work.kind === "file") await intoFile(host, work.options, format, invocation);
    else await intoCluster(host, work.options, format, invocation);
    return success;
  },
});

async function intoCluster(
  host: Host,
  options: ClusterOptions,
  format: "text" | "json",
  { terminal, signals }: Invocation,
): Promise<void> {
  const { takeSnapshot } = await import("../../../actions/session/snapshots/take.ts");
  const view = { terminal, clock: host.clock, text: (progress: string) => progress };
  const title = `snapshot of ${options.name}`;
  const taken = await stoppable(
    signals,
    (signal) => showProgress(title, takeSnapshot(host, { ...options, signal }), view),
  );
  for (const note of taken.notes) await terminal.stderr.write(`${printable(note)}\n`);
  const lines = [
    ...takenLines(taken),
    `kodama restore ${taken.session}-2 ${taken.name} starts a session from it, without the login`,
  ];
  await terminal.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
  const output = format === "json"
    ? jsonDocument(snapshotData(taken))
    : `snapshot/${printable(taken.name)} is Ready\n`;
  await terminal.stdout.write(output);
}

async function intoFile(
  host: Host,
  options: FileOptions,
  format: "text" | "json",
  { terminal, signals }: Invocation,
): Promise<void> {
  const { snapshot: save } = await import("../../../actions/session/snapshots/snapshot.ts");
  const view = { terminal, clock: host.clock, text: (progress: string) => progress };
  const { path, size, files, bytes, sha256, notes } = await stoppable(
    signals,
    (signal) => showProgress(`reading ${options.name}`, save(host, { ...options, signal }), view),
  );
  for (const note of notes) await terminal.stderr.write(`${printable(note)}\n`);
  if (format === "json") {
    const data = { session: options.name, path, size, sha256, files, bytes };
    return await terminal.stdout.write(jsonDocument(data));
  }
  await terminal.stdout.write(`${printable(path)}\n`);
  const content = `${filesText(files)}, ${bytesText(bytes)}`;
  await terminal.stderr.write(`${content}, ${bytesText(size)} compressed; sha256 ${sha256}\n`);
}

/** The commands of this file, by name. */
export const commands = { snapshot, list, delete: deleteCommand };
