/** The start of a sync: its progress messages, and its output at the end. */
import type { SyncReport } from "../../../actions/sync/syncs.ts";
import type { SyncStartEvent } from "../../../actions/sync/start_sync.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { jsonDocument } from "../../../present/json.ts";
import type { SyncStartArgs } from "./resolve_start.ts";
import { entriesText, progressText, syncData } from "../../../present/sync_text.ts";

/** A shorter wait gets no message; also the interval between two lines. */
const restMs = 1000;

/** Starts the sync, and waits as requested. */
export async function showSyncStart(
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
    let toldAtMs = host.clock.elapsedMs();
    let told = "";
    for await (const event of startSync(host, { spec, wait: options.wait, signal })) {
      if (event.kind !== "progress") {
        report = event.report;
        continue;
      }
      const line = progressLine(event, stillText(event.stillMs));
      if (line === told || host.clock.elapsedMs() - toldAtMs < restMs) continue;
      [told, toldAtMs] = [line, host.clock.elapsedMs()];
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
  if (phase === "syncing") return `syncing${still}: ${progressText(progress)}`;
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
