/** Starts a synchronisation, and waits until both sides are in sync. */
import { action, hint } from "../../base/hint.ts";
import { passed } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import type { SyncPhase, SyncState } from "../../sync/engine/status.ts";
import type { Host } from "../host.ts";
import type { SyncReport, SyncSpec } from "../../sync/daemon/model.ts";
import { requireNoOverlap } from "./overlap.ts";
import { requireProject } from "./require_project.ts";
import { listSyncs } from "./syncs.ts";
import { FirstWait, resumeHint } from "./first_wait.ts";

interface SyncStartOptions {
  spec: SyncSpec;
  /** Waits until both sides are in sync; otherwise until the process runs. */
  wait: boolean;
  signal: AbortSignal;
}

/** The events until both sides are in sync. The last event is `inSync`, or `background` if there was no wait. */
export type SyncStartEvent =
  | { kind: "started" | "joined"; report: SyncReport }
  /** `stillMs`: for how long nothing else was reported. Repeated in that time, for a caller that skipped it before. */
  | {
    kind: "progress";
    phase: SyncPhase;
    reason: string;
    progress: SyncState["progress"];
    stillMs: number;
  }
  | { kind: "inSync" | "background"; report: SyncReport };

const pollMs = 50;
/** The interval at which an unchanged state is repeated. */
const repeatMs = 1_000;

/**
 * Starts the process in the background, and yields the progress of the first transfer. If the signal ends the wait, the
 * process continues.
 *
 * @throws UsageError if another running sync has folders in common with it on both sides, or if the local folder is a
 * whole machine or home folder; KodamaError `conflict` if a sync of the same key runs with other options, or it was
 * halted or paused; `notFound` if the local folder doesn't exist; `timeout` if there is no progress; `cancelled`.
 */
export async function* startSync(
  host: Host,
  { spec, wait: waits, signal }: SyncStartOptions,
): AsyncGenerator<SyncStartEvent, void> {
  const control = await host.sync();
  await requireProject(host, spec.local);
  requireNoOverlap(spec, await listSyncs(host));
  const kind = await control.start(spec, signal);
  let report = await present(host, spec.key);
  yield { kind, report };
  if (!waits) return yield { kind: "background", report };
  const wait = new FirstWait();
  let reportedAtMs = -Infinity;
  for (;;) {
    report = await present(host, spec.key);
    const { phase, reason, progress } = report.state;
    if (phase === "watching") return yield { kind: "inSync", report };
    requireGoing(report);
    const nowMs = host.clock.elapsedMs();
    const stillMs = wait.take(report, nowMs);
    if (stillMs === 0 || nowMs - reportedAtMs >= repeatMs) {
      reportedAtMs = nowMs;
      yield { kind: "progress", phase, reason, progress, stillMs };
    }
    await passed(host.clock, pollMs, { signal });
    if (signal.aborted) {
      throw new KodamaError("cancelled", "stopped while waiting for both sides to be in sync", {
        hint: resumeHint(spec.key),
      });
    }
  }
}

function requireGoing({ spec: { key }, state: { phase, reason }, log }: SyncReport): void {
  if (phase === "stopped" || phase === "killed") {
    throw new KodamaError("conflict", `the sync ${key} has ended${reason && `: ${reason}`}`, {
      hint: `its log: ${log}`,
    });
  }
  if (phase === "halted") {
    throw new KodamaError("conflict", `the sync ${key} does nothing: ${reason}`, {
      hint: hint`if that is intended: ${action("sync.resume", { key, acceptRemovals: true })}`,
    });
  }
  if (phase === "paused") {
    throw new KodamaError("conflict", `the sync ${key} is paused`, {
      hint: hint`${action("sync.resume", { key })}`,
    });
  }
}

async function present(host: Host, key: string): Promise<SyncReport> {
  const report = await (await host.sync()).read(key);
  if (report !== undefined) return report;
  throw new KodamaError("notFound", `the sync ${key} was removed`);
}
