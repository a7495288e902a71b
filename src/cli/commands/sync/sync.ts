/** `kodama sync`. */
import type { SyncReport, SyncRequest } from "../../../actions/sync/syncs.ts";
import { jsonDocument } from "../../../present/json.ts";
import {
  entriesText,
  mergeLine,
  syncData,
  syncingText,
  syncProgressText,
} from "../../../present/sync_text.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { failure, success } from "../../exit_codes.ts";
import { showProgress } from "../../show_progress.ts";
import type { Invocation } from "../../invocation.ts";
import { dataFlag, writeList } from "../../output.ts";
import { defineCommand, type Operand, type ParsedArgs } from "../../parser/command.ts";
import { choice, text, toggle, value, valueOr, values } from "../../parser/flag.ts";
import type { SyncStartEvent } from "../../../actions/sync/start_sync.ts";
import { UsageError } from "../../../base/errors.ts";
import { plural } from "../../../base/plural.ts";
import { contextFlags, namespaceValue } from "../../parser/scope_flags.ts";
import { selectionFlags } from "../../parser/selection.ts";

/** `-o json` of a command about a single sync. */
const syncOutput = { output: value("output format", choice(["json"]), { short: "o" }) };

const syncOperand: Operand = { name: "SYNC", arity: "optional", completion: { kind: "syncs" } };

/** Sends a request to the requested sync, and prints a line about it, or all of it as JSON. */
async function requestAndPrint(
  { name, request, format, line }: {
    name: string | undefined;
    request: SyncRequest;
    format: "json" | undefined;
    line: (report: SyncReport) => string;
  },
  invocation: Invocation,
): Promise<number> {
  const { askSync, findSync } = await import("../../../actions/sync/syncs.ts");
  const host = await invocation.host();
  const found = await findSync(host, name);
  const report = await interruptible(
    invocation.signals,
    (signal) => askSync(host, found.spec.key, request, signal),
  );
  const nowMs = host.clock.now().getTime();
  await invocation.terminal.stdout.write(reportText(report, { format, nowMs, line: line(report) }));
  return success;
}

/** Returns a line about a sync, and about a merge of late, or all of it as JSON. */
function reportText(
  report: SyncReport,
  { format, line, nowMs }: { format: "json" | undefined; line: string; nowMs: number },
): string {
  if (format === "json") return jsonDocument(syncData(report));
  return [line, ...mergeLine(report.state, nowMs)].map((one) => `${printable(one)}\n`).join("");
}

/** `kodama sync list`. */
const list = defineCommand({
  description:
    "Lists the syncs of this machine: running ones, and stopped ones that can be started again.",
  flags: { output: dataFlag("output format: data instead of a table") },
  examples: {
    "List all syncs": "kodama sync list",
    "As JSON, for a script": "kodama sync list -o json",
  },
  seeAlso: ["kodama sync status --help shows a sync."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listSyncs } = await import("../../../actions/sync/syncs.ts");
    const { syncTable } = await import("../../../present/sync_text.ts");
    const opened = await host();
    const reports = await listSyncs(opened);
    return await writeList(terminal, reports, {
      format,
      data: syncData,
      table: () => syncTable(reports, opened.clock.now().getTime()),
      empty: "there is no sync",
    });
  },
});

/** Phases in which the sync isn't blocked. */
const good = new Set(["watching", "syncing", "scanning", "connecting"]);

/** `kodama sync status`. */
const status = defineCommand({
  description:
    "Shows the state of a sync: its phase, what it is waiting for, the files it doesn't sync and why, " +
    "and its last changes. The name may be omitted if there is only one sync.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: {
    "Show the only sync": "kodama sync status",
    "Show one of several, as JSON": "kodama sync status default.web-0 -o json",
  },
  exitCodes: [["0", "it is running"], ["1", "it is stopped, paused, halted or waiting"]],
  seeAlso: ["kodama sync conflicts --help", "kodama sync flush --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSync } = await import("../../../actions/sync/syncs.ts");
    const { syncLines } = await import("../../../present/sync_text.ts");
    const opened = await host();
    const report = await findSync(opened, name);
    const text = format === "json" ? jsonDocument(syncData(report)) : syncLines(report, {
      nowMs: opened.clock.now().getTime(),
      listConflicts: (key) => `kodama sync conflicts ${key}`,
    }).map((line) => `${line}\n`).join("");
    await terminal.stdout.write(text);
    return good.has(report.state.phase) ? success : failure;
  },
});

/** `kodama sync flush`. */
const flush = defineCommand({
  description:
    "Scans both sides now, and waits until everything that was saved before is on both of them.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: {
    "Before a build in the pod": "kodama sync flush",
    "One of several": "kodama sync flush default.web-0",
  },
  exitCodes: [
    ["1", "it is not running, is halted, or some changes couldn't be transferred"],
    ["3", "its process doesn't respond; the pod may be unreachable"],
  ],
  seeAlso: ["kodama sync status --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, signals, terminal }) {
    const { findSync, flushSync } = await import("../../../actions/sync/syncs.ts");
    const opened = await host();
    const { spec: { key } } = await findSync(opened, name);
    const report = await interruptible(
      signals,
      (signal) =>
        showProgress("sync", flushSync(opened, key, signal), {
          ...{ terminal, clock: opened.clock },
          text: ({ report }) => syncingText(report),
        }),
    );
    const { local, remote } = report.state.entries;
    const line = `${key}: ${entriesText(local)} here, ${remote} in the pod`;
    const nowMs = opened.clock.now().getTime();
    await terminal.stdout.write(reportText(report, { format, nowMs, line }));
    return success;
  },
});

/** `kodama sync undo`. */
const undo = defineCommand({
  description:
    "Puts back the files that the last changes from the pod removed or replaced on this machine; the " +
    "same command again goes further back. They are kept for a week, up to 1 GiB, also after the end " +
    "of the sync. A running sync takes that for an edit here, and restores the files in the pod too.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: {
    "After the agent has removed a folder": "kodama sync undo",
    "One of several": "kodama sync undo default.web-0",
  },
  exitCodes: [["0", "all files are back"], [
    "1",
    "nothing is kept, or a file could not be put back",
  ]],
  seeAlso: ["kodama sync conflicts --help lists files that both sides changed."],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { undoSync } = await import("../../../actions/sync/syncs.ts");
    const { key, local, since, restored, failed } = await undoSync(await host(), name);
    if (format === "json") {
      const data = { key, local, since: since?.toISOString() ?? null, restored, failed };
      await terminal.stdout.write(jsonDocument(data));
    } else {
      await terminal.stdout.write(restored.map((path) => `${printable(path)}\n`).join(""));
      const when = since === undefined ? "" : `, as of before ${since.toISOString()}`;
      await terminal.stderr.write(
        printable(`${plural(restored.length, "file")} put back in ${local}${when}`) + "\n",
      );
    }
    for (const { path, reason } of failed) {
      await terminal.stderr.write(`${printable(`${path}: not put back: ${reason}`)}\n`);
    }
    return failed.length === 0 && restored.length > 0 ? success : failure;
  },
});

/** `kodama sync conflicts`. */
const conflicts = defineCommand({
  description:
    "Lists the copies that were stored for conflicts. If both sides changed a file, the local version " +
    "keeps the name, and the pod's version is stored beside it. Merge them and delete the copy to " +
    "resolve the conflict.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: {
    "List the conflicts": "kodama sync conflicts",
    "As JSON, for a script": "kodama sync conflicts default.web-0 -o json",
  },
  seeAlso: ["kodama sync status --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSync } = await import("../../../actions/sync/syncs.ts");
    const { state: { conflicts } } = await findSync(await host(), name);
    if (format === "json") await terminal.stdout.write(jsonDocument(conflicts));
    else if (conflicts.length === 0) await terminal.stderr.write("there is no conflict\n");
    else await terminal.stdout.write(conflicts.map((path) => `${printable(path)}\n`).join(""));
    return success;
  },
});

const pause = defineCommand({
  description:
    "Pauses a sync: it disconnects from the pod and changes nothing on either side until kodama sync " +
    "resume, which then transfers the changes made meanwhile.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: {
    "Pause the sync while switching branches": "kodama sync pause",
    "One of several": "kodama sync pause default.web-0",
  },
  seeAlso: ["kodama sync resume --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, invocation) {
    return await requestAndPrint({
      name,
      format,
      request: { kind: "pause" },
      line: ({ spec }) => `${spec.key} is paused`,
    }, invocation);
  },
});

/** `kodama sync resume`. */
const resume = defineCommand({
  description:
    "Resumes a sync that is paused, or is waiting for its next attempt. A sync that is halted because " +
    "one side is empty now, or the pod removed most files, is resumed with --accept-removals, which " +
    "removes them on the other side too.",
  operands: [syncOperand],
  flags: {
    "accept-removals": toggle("remove on the other side too what one side has removed"),
    ...syncOutput,
  },
  examples: {
    "Resume the sync": "kodama sync resume",
    "Accept that all files were removed": "kodama sync resume default.web-0 --accept-removals",
  },
  seeAlso: ["kodama sync pause --help"],
  resolve: ({ flags, operands: [name] }) => ({
    name,
    format: flags.output,
    acceptRemovals: flags["accept-removals"],
  }),
  async run({ name, format, acceptRemovals }, invocation) {
    return await requestAndPrint({
      name,
      format,
      request: { kind: "resume", acceptRemovals },
      line: ({ spec }) => `${spec.key} resumed`,
    }, invocation);
  },
});

const stop = defineCommand({
  description:
    "Stops a sync. The files stay as they are on both sides. The last synced state is stored, so that " +
    "the same kodama sync start continues from it; with --forget it is deleted, and a later sync " +
    "merges both sides as if they were new.",
  operands: [syncOperand],
  flags: {
    forget: toggle("delete the stored state, on this machine and in the pod"),
    ...syncOutput,
  },
  examples: {
    "Stop the only sync": "kodama sync stop",
    "Stop it, and forget its state": "kodama sync stop default.web-0 --forget",
  },
  seeAlso: ["kodama sync pause --help pauses a sync."],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output, forget: flags.forget }),
  async run({ name, format, forget }, { host, signals, terminal }) {
    const { findSync, stopSync } = await import("../../../actions/sync/syncs.ts");
    const opened = await host();
    const { spec: { key }, pid } = await findSync(opened, name);
    await interruptible(signals, (signal) => stopSync(opened, key, { forget, signal }));
    const ended = pid !== null;
    const text = format === "json"
      ? jsonDocument({ key, ended, forgotten: forget })
      : `${printable(key)} ${ended ? "has ended" : "did not run"}${
        forget ? ", and its state is removed" : ""
      }\n`;
    await terminal.stdout.write(text);
    return success;
  },
});

/** `kodama sync up`. */
const up = defineCommand({
  description:
    "Starts the syncs of this machine again that ended without being stopped: by a reboot, a logout or " +
    "a kill. With --print-unit it starts nothing, and prints a unit of systemd that does it at each login.",
  flags: { "print-unit": toggle("print a user unit of systemd that runs this command at a login") },
  examples: {
    "After a reboot": "kodama sync up",
    "At each login: then systemctl --user enable kodama-sync":
      "kodama sync up --print-unit >~/.config/systemd/user/kodama-sync.service",
  },
  exitCodes: [["1", "some of them couldn't be started"]],
  seeAlso: ["kodama sync list shows which syncs run."],
  resolve: ({ flags }) => ({ printUnit: flags["print-unit"] }),
  async run({ printUnit }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { loginUnit, startAgain } = await import("../../../actions/sync/syncs.ts");
    if (printUnit) {
      await terminal.stdout.write(loginUnit(host));
      return success;
    }
    let [started, failed] = [0, 0];
    await interruptible(signals, async (signal) => {
      for await (const { report: { spec }, error } of startAgain(host, signal)) {
        const what = printable(`${spec.key}: ${spec.local}`);
        if (error === undefined) {
          started++;
          await terminal.stdout.write(`${what} is synced again\n`);
        } else {
          failed++;
          await terminal.stderr.write(`${what} isn't synced: ${printable(error.message)}\n`);
        }
      }
    });
    if (started + failed === 0) {
      await terminal.stderr.write("nothing to start: no sync was killed\n");
    }
    return failed === 0 ? success : failure;
  },
});

const modes = choice(["two-way-safe", "one-way", "mirror", "pull"]);

/** The flags of `kodama sync start`. */
const startFlags = {
  mode: valueOr("direction of the sync", modes, "two-way-safe"),
  name: value("name of the sync (default the pod's name)", text, { placeholder: "NAME" }),
  exclude: values("exclude files that match PATTERN, in the format of .gitignore", text, {
    placeholder: "PATTERN",
  }),
  git: toggle(
    "sync .git too, without its hooks, config and other files that make git run programs",
  ),
  "no-gitignore": toggle("ignore .gitignore files; .kodamaignore still applies"),
  "no-wait": toggle("don't wait until both sides are in sync"),
  namespace: value("namespace of the pod (default the context's)", text, namespaceValue),
  container: selectionFlags.container,
  ...contextFlags,
  ...syncOutput,
};

/** The resolved args. */
interface SyncStartArgs {
  local: string;
  pod: string;
  namespace: string | undefined;
  remotePath: string;
  name: string | undefined;
  mode: ReturnType<typeof modes>;
  exclude: readonly string[];
  git: boolean;
  gitignore: boolean;
  wait: boolean;
  container: string | undefined;
  context: string | undefined;
  kubeconfig: string | undefined;
  format: "json" | undefined;
}

/** Throws `UsageError` for args that don't name two folders. */
function resolveStart(
  { flags: given, operands: [local = "", path = ""] }: ParsedArgs<typeof startFlags>,
): SyncStartArgs {
  const [, namespace, pod, remotePath] =
    /^(?:([a-z0-9][a-z0-9-]*)\/)?([a-z0-9][a-z0-9.-]*):(.+)$/s.exec(path) ?? [];
  if (pod === undefined || remotePath === undefined) {
    throw new UsageError(`${JSON.stringify(path)} is not a POD:PATH`, {
      hint: "POD:PATH, as in: kodama sync start . web-0:/workspace",
    });
  }
  if (local === "") throw new UsageError("the folder here has no name");
  if (namespace !== undefined && given.namespace !== undefined && namespace !== given.namespace) {
    throw new UsageError("two namespaces are named");
  }
  return {
    local,
    pod,
    namespace: namespace ?? given.namespace,
    remotePath,
    name: given.name,
    mode: given.mode,
    exclude: given.exclude,
    git: given.git,
    gitignore: !given["no-gitignore"],
    wait: !given["no-wait"],
    container: given.container,
    context: given.context,
    kubeconfig: given.kubeconfig,
    format: given.output,
  };
}

const start = defineCommand({
  description:
    "Keeps a local folder and a folder in a pod in sync, in both directions, until kodama sync stop. " +
    "It runs in the background, and continues after broken connections and pod restarts. The pod " +
    "needs only sh, tar, find and similar tools.\n\n" +
    "If both sides changed a file, both versions are stored and reported; nothing is overwritten " +
    "silently. Other modes transfer changes in one direction: one-way to the pod, where other files " +
    "stay; mirror to the pod, where other files are deleted; pull to this machine. Files that match " +
    ".gitignore, .kodamaignore or the setting sync.excludePatterns are not synced, and neither is .git.",
  operands: [
    { name: "LOCAL", arity: "one", completion: { kind: "files" } },
    { name: "POD:PATH", arity: "one", completion: { kind: "pods" } },
  ],
  flags: startFlags,
  examples: {
    "Sync the current directory with /workspace in a pod": "kodama sync start . web-0:/workspace",
    "To the pod only, without log files":
      "kodama sync start ./site web-0:/srv/site --mode one-way --exclude '*.log'",
    "Pull the output of a pod":
      "kodama sync start ./out training/trainer-0:/out --mode pull --name results",
  },
  exitCodes: [
    ["0", "both sides are in sync; with --no-wait, it has started"],
    ["1", "it has ended, or is halted or paused"],
    ["2", "the command line is wrong, or there is no such pod"],
    ["4", "the API server couldn't be reached"],
    ["130", "stopped by Ctrl-C: the sync keeps running"],
  ],
  seeAlso: ["kodama sync status --help", "kodama cp --help copies files once."],
  resolve: resolveStart,
  run: showSyncStart,
});

/** A shorter wait gets no message; also the interval between two lines. */
const restMs = 1000;

/** Starts the sync, and waits as requested. */
async function showSyncStart(
  options: SyncStartArgs,
  invocation: Invocation,
): Promise<number> {
  const { planSync } = await import("../../../actions/sync/plan_sync.ts");
  const { startSync } = await import("../../../actions/sync/start_sync.ts");
  const { stillText } = await import("../../../actions/sync/first_wait.ts");
  const { stdout, stderr } = invocation.terminal;
  const host = await invocation.host({ kubeconfig: options.kubeconfig });
  const last = await interruptible(invocation.signals, async (signal) => {
    const spec = await planSync(host, options, signal);
    let report: SyncReport | undefined;
    let printedAtMs = host.clock.elapsedMs();
    let printed = "";
    for await (const event of startSync(host, { spec, wait: options.wait, signal })) {
      if (event.kind !== "progress") {
        report = event.report;
        continue;
      }
      if (invocation.terminal.progress === "none") continue;
      const line = progressLine(event, stillText(event.stillMs));
      if (line === printed || host.clock.elapsedMs() - printedAtMs < restMs) continue;
      [printed, printedAtMs] = [line, host.clock.elapsedMs()];
      await stderr.write(`${printable(line)}\n`);
    }
    return report;
  });
  if (last === undefined) return success;
  await stdout.write(
    options.format === "json"
      ? jsonDocument(syncData(last))
      : `${
        endLines(last, { waited: options.wait, nowMs: host.clock.now().getTime() })
          .map(printable).join("\n")
      }\n`,
  );
  return success;
}

function progressLine(
  { phase, reason, progress }: Extract<SyncStartEvent, { kind: "progress" }>,
  still: string,
): string {
  if (phase === "syncing") return `syncing${still}: ${syncProgressText(progress)}`;
  return `${phase}${still}${reason === "" ? "" : `: ${reason}`}`;
}

function endLines(
  { spec, state }: SyncReport,
  { waited, nowMs }: { waited: boolean; nowMs: number },
): string[] {
  const { pod } = spec.target;
  const conflicts = state.conflicts.length === 0
    ? []
    : [`conflicts are saved beside: kodama sync conflicts ${spec.key}`];
  return [
    waited
      ? `${spec.local} and ${pod}:${spec.remotePath} are in sync (${
        entriesText(state.entries.local)
      })`
      : `${spec.local} and ${pod}:${spec.remotePath} are kept in sync`,
    ...mergeLine(state, nowMs),
    ...conflicts,
    `Running in the background as ${spec.key}: kodama sync status, kodama sync stop`,
  ];
}

/** The commands of this file, by name. */
export const commands = { start, list, status, flush, undo, conflicts, pause, resume, stop, up };
