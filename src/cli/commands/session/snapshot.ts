import type { SnapshotOptions } from "../../../actions/session/snapshots/snapshot.ts";
import type { TakeOptions } from "../../../actions/session/snapshots/take.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { bytesText, filesText } from "../../../present/copy_painter.ts";
import { success } from "../../exit_codes.ts";
import { choice, durationMs, text, value, valueOr } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import { snapshotData, takenLines } from "../../../present/session_text.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { Host } from "../../../actions/host.ts";
import type { Invocation } from "../../invocation.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Terminal } from "../../../terminal/terminal.ts";

const formats = choice(["text", "json"]);

type FileOptions = Omit<SnapshotOptions, "signal">;
type ClusterOptions = Omit<TakeOptions, "signal">;

/** `kodama snapshot`. */
export const command = defineCommand({
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
      {
        placeholder: "NAME",
      },
    ),
    timeout: value("time to wait for the cluster's snapshot (default 5m)", durationMs, {
      placeholder: "DURATION",
    }),
    output: value("write a local FILE instead of a snapshot in the cluster", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    format: valueOr("output format", formats.parse, "text", formats),
  },
  examples: [
    { title: "Take a snapshot in the cluster", line: "kodama snapshot fix-auth" },
    { title: "With a name", line: "kodama snapshot fix-auth --as before-the-merge" },
    {
      title: "As a local file",
      line: "kodama snapshot fix-auth --output fix-auth.tar.gz",
    },
  ],
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
    const { output, as, class: className, timeout, kubeconfig, format } = flags;
    const ref = sessionRef(flags, name);
    if (output === undefined) {
      const request = definedOnly({ as, className });
      const options: ClusterOptions = { ...ref, ...request, readyTimeoutMs: timeout ?? 300_000 };
      return { kind: "cluster" as const, options, kubeconfig, format };
    }
    const given = Object.entries({ as, class: className, timeout })
      .find(([, one]) => one !== undefined);
    if (given !== undefined) {
      throw new UsageError(
        `--${given[0]} is for a snapshot in the cluster, and --output for a file`,
      );
    }
    const options: FileOptions = { ...ref, output };
    return { kind: "file" as const, options, kubeconfig, format };
  },
  async run({ kubeconfig, format, ...work }, invocation) {
    const host = await invocation.host({ kubeconfig });
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
  const view = { terminal, clock: host.clock };
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
  const { snapshot } = await import("../../../actions/session/snapshots/snapshot.ts");
  const view = { terminal, clock: host.clock };
  const { path, size, files, bytes, sha256, notes } = await stoppable(
    signals,
    (signal) =>
      showProgress(`reading ${options.name}`, snapshot(host, { ...options, signal }), view),
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

/* Progress on standard error: one line that is overwritten; if it can't be, a line now and then. */

/** Shorter work gets no message. */
const quietMs = 1000;
/** Interval between two lines if lines can't be overwritten. */
const lineEveryMs = 5000;

/** Shows the reported progress; returns the result. */
async function showProgress<T>(
  title: string,
  progress: AsyncGenerator<string, T>,
  { terminal, clock }: { terminal: Terminal; clock: Clock },
): Promise<T> {
  const { stderr } = terminal;
  const columns = terminal.size()?.columns ?? 80;
  const startedMs = clock.elapsedMs();
  let reportedMs = startedMs + quietMs - lineEveryMs;
  let isOpen = false;
  try {
    for (;;) {
      const next = await progress.next();
      if (next.done === true) return next.value;
      const line = `${title}: ${printable(next.value)}`;
      const nowMs = clock.elapsedMs();
      if (stderr.isTerminal) {
        if (nowMs - startedMs < quietMs) continue;
        await stderr.write(`\r\x1b[K${line.slice(0, columns - 1)}`);
        isOpen = true;
      } else if (nowMs - reportedMs >= lineEveryMs) {
        reportedMs = nowMs;
        await stderr.write(`${line}\n`);
      }
    }
  } finally {
    if (isOpen) await stderr.write("\r\x1b[K");
  }
}
