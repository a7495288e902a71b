import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import type { SyncReport } from "../../../actions/sync/syncs.ts";
import type { SyncStartEvent } from "../../../actions/sync/start_sync.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { jsonDocument } from "../../../present/json.ts";
import { entriesText, syncData, syncProgressText } from "../../../present/sync_text.ts";
import { UsageError } from "../../../base/errors.ts";
import { choice, text, toggle, value, valueOr, values } from "../../parser/flag.ts";
import { contextFlags, namespaceValue } from "../../parser/scope_flags.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { syncOutput } from "./sync.ts";

/* Resolves the args of `kodama sync start` into the action's options. */

const modes = choice(["two-way-safe", "one-way", "mirror", "pull"]);

/** The flags of `kodama sync start`. */
const startFlags = {
  mode: valueOr("direction of the sync", modes.parse, "two-way-safe", modes),
  name: value("name of the sync (default the pod's name)", text, { placeholder: "NAME" }),
  exclude: values("exclude files that match PATTERN, in the format of .gitignore", text, {
    placeholder: "PATTERN",
  }),
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
  mode: ReturnType<typeof modes.parse>;
  exclude: readonly string[];
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
    gitignore: !given["no-gitignore"],
    wait: !given["no-wait"],
    container: given.container,
    context: given.context,
    kubeconfig: given.kubeconfig,
    format: given.output,
  };
}

/** `kodama sync start`. */
export const command = defineCommand({
  description:
    "Keeps a local folder and a folder in a pod in sync, in both directions, until kodama sync stop. " +
    "It runs in the background, and continues after broken connections and pod restarts. The pod " +
    "needs only sh, tar, find and similar tools.\n\n" +
    "If both sides changed a file, both versions are stored and reported; nothing is overwritten " +
    "silently. Other modes transfer changes in one direction: one-way to the pod, where other files " +
    "stay; mirror to the pod, where other files are deleted; pull to this machine. Files that match " +
    ".gitignore, .kodamaignore or the setting sync.excludePatterns are not synced.",
  operands: [
    { name: "LOCAL", arity: "one", completion: { kind: "files" } },
    { name: "POD:PATH", arity: "one", completion: { kind: "pods" } },
  ],
  flags: startFlags,
  examples: [
    {
      title: "Sync the current directory with /workspace in a pod",
      line: "kodama sync start . web-0:/workspace",
    },
    {
      title: "To the pod only, without log files",
      line: "kodama sync start ./site web-0:/srv/site --mode one-way --exclude '*.log'",
    },
    {
      title: "Pull the output of a pod",
      line: "kodama sync start ./out training/trainer-0:/out --mode pull --name results",
    },
  ],
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
      : `${endLines(last, options.wait).map(printable).join("\n")}\n`,
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

function endLines({ spec, state }: SyncReport, waited: boolean): string[] {
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
    ...conflicts,
    `Running in the background as ${spec.key}: kodama sync status, kodama sync stop`,
  ];
}
