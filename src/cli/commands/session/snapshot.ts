import type { SnapshotOptions } from "../../../actions/session/snapshots/snapshot.ts";
import type { TakeOptions } from "../../../actions/session/snapshots/take.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { bytesText, filesText } from "../cp/amounts.ts";
import { success } from "../../exit_codes.ts";
import { choice, durationMs, text, value, valueOr } from "../../parser/flag.ts";
import { jsonDocument } from "../../output.ts";
import { placeOf, scopeFlags, sessionOperand } from "./flags.ts";
import { snapshotData, takenLines } from "./snapshots_table.ts";
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
    "Keeps a session's files: its workspace, committed or not, its agent's conversations and tasks, and the " +
    "definition of the session.\n\n" +
    "In the cluster, by VolumeSnapshots of its claims, where the cluster's storage can: whether the session runs " +
    "or not, and for everybody who has rights in the namespace. It is whole when the cluster says so. Such a " +
    "snapshot is of whole volumes: whom the agent is signed in as is in it, and is taken out where it is " +
    "restored.\n\n" +
    "With --output in a file of this machine, for you alone to read, whether the session runs or is stopped. " +
    "The file has its name when it is whole. Secrets aren't in it: variables of dotenv files, the token for git, and whom the agent " +
    "is signed in as. What lies in the workspace is, whatever it holds.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    as: value("name of the snapshot in the cluster (default NAME-TIME)", text, {
      placeholder: "SNAPSHOT",
    }),
    class: value(
      "VolumeSnapshotClass to take it by (default the one of the storage's driver)",
      text,
      {
        placeholder: "NAME",
      },
    ),
    timeout: value("longest wait for the cluster's snapshot (default 5m)", durationMs, {
      placeholder: "DURATION",
    }),
    output: value("file to write, in place of a snapshot in the cluster", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    format: valueOr("how it is told what was kept", formats.parse, "text", formats),
  },
  examples: [
    { title: "Before something bold", line: "kodama snapshot fix-auth" },
    { title: "Under a name", line: "kodama snapshot fix-auth --as before-the-merge" },
    {
      title: "Into a file of this machine",
      line: "kodama snapshot fix-auth --output fix-auth.tar.gz",
    },
  ],
  exitCodes: [
    [
      "1",
      "the cluster can't, the session failed, the file is there already, or a step failed",
    ],
    ["3", "the cluster's snapshot wasn't ready in time: nothing of it is left"],
    ["130", "stopped by Ctrl-C or a signal: nothing is left"],
  ],
  seeAlso: [
    "kodama restore --help brings the files back.",
    "kodama snapshots list --help lists those of the cluster.",
  ],
  resolve: ({ flags, operands: [name] }) => {
    const { output, as, class: className, timeout, kubeconfig, format } = flags;
    const place = placeOf(flags, name);
    if (output === undefined) {
      const wish = definedOnly({ as, className });
      const options: ClusterOptions = { ...place, ...wish, readyTimeoutMs: timeout ?? 300_000 };
      return { kind: "cluster" as const, options, kubeconfig, format };
    }
    const given = Object.entries({ as, class: className, timeout })
      .find(([, one]) => one !== undefined);
    if (given !== undefined) {
      throw new UsageError(
        `--${given[0]} is for a snapshot in the cluster, and --output for a file`,
      );
    }
    const options: FileOptions = { ...place, output };
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
  await terminal.stderr.write(takenLines(taken).map((line) => `${printable(line)}\n`).join(""));
  const told = format === "json"
    ? jsonDocument(snapshotData(taken))
    : `snapshot/${printable(taken.name)} is Ready\n`;
  await terminal.stdout.write(told);
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
  telling: AsyncGenerator<string, T>,
  { terminal, clock }: { terminal: Terminal; clock: Clock },
): Promise<T> {
  const { stderr } = terminal;
  const columns = terminal.size()?.columns ?? 80;
  const beganMs = clock.elapsedMs();
  let toldMs = beganMs + quietMs - lineEveryMs;
  let isOpen = false;
  try {
    for (;;) {
      const next = await telling.next();
      if (next.done === true) return next.value;
      const line = `${title}: ${printable(next.value)}`;
      const nowMs = clock.elapsedMs();
      if (stderr.isTerminal) {
        if (nowMs - beganMs < quietMs) continue;
        await stderr.write(`\r\x1b[K${line.slice(0, columns - 1)}`);
        isOpen = true;
      } else if (nowMs - toldMs >= lineEveryMs) {
        toldMs = nowMs;
        await stderr.write(`${line}\n`);
      }
    }
  } finally {
    if (isOpen) await stderr.write("\r\x1b[K");
  }
}
