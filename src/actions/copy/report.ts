/** A target of a copy as a JSON object, for programs that read kodama. */
import { outcomeReport } from "../../exec/target_report.ts";
import type { Target } from "../../kube/select/target.ts";
import type { CopyEvent } from "./events.ts";

/** Stable: fields may be added, no field changes its meaning. Documented in docs/cp.md. */
export interface CopyReport {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  node: string;
  from: string;
  to: string;
  outcome: string;
  exitCode: number | null;
  /** Null if the copy didn't complete, as are the next three. */
  files: number | null;
  bytes: number | null;
  resumedBytes: number | null;
  checksum: string | null;
  notes: readonly string[];
  startedAt: string | null;
  durationMs: number;
  error: string | null;
}

/** Returns the report of a target whose copy has ended. */
export function copyReport(
  { outcome, copy, totals, durationMs }: Extract<CopyEvent, { kind: "targetEnded" }>,
  { context, namespace, pod, container, node }: Target,
  facts: { startedAt: Date | undefined; notes: readonly string[] },
): CopyReport {
  const { outcome: kind, exitCode, error } = outcomeReport(outcome);
  return {
    context,
    namespace,
    pod,
    container,
    node,
    ...copy,
    outcome: kind,
    exitCode,
    files: totals?.files ?? null,
    bytes: totals?.bytes ?? null,
    resumedBytes: totals?.resumedBytes ?? null,
    checksum: totals?.checksum ?? null,
    notes: facts.notes,
    startedAt: facts.startedAt?.toISOString() ?? null,
    durationMs,
    error,
  };
}
