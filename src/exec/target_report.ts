/** One target of a run as a JSON object, for programs that read kodama. */
import type { Target } from "../kube/select/target.ts";
import type { Capture } from "./capture.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeReason } from "./reason.ts";
import type { TargetReport } from "./report_shapes.ts";

export type { TargetReport } from "./report_shapes.ts";

/** The known data of a target that has ended. */
interface EndedTarget {
  target: Target;
  outcome: Outcome;
  startedAt: Date | undefined;
  durationMs: number;
  stdout: Capture;
  stderr: Capture;
}

/** Returns the report of an ended target. */
export function targetReport(ended: EndedTarget): TargetReport {
  const { context, namespace, pod, container, node } = ended.target;
  const { error, ...outcomeFields } = outcomeReport(ended.outcome);
  const stdout = decoded(ended.stdout);
  const stderr = decoded(ended.stderr);
  return {
    context,
    namespace,
    pod,
    container,
    node,
    ...outcomeFields,
    startedAt: ended.startedAt?.toISOString() ?? null,
    durationMs: ended.durationMs,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: ended.stdout.omittedBytes + ended.stderr.omittedBytes > 0,
    replaced: stdout.replaced || stderr.replaced,
    error,
  };
}

/** Returns how a target ended, in the fields that every report has. */
export function outcomeReport(
  outcome: Outcome,
): Pick<TargetReport, "outcome" | "exitCode" | "signal" | "error"> {
  return {
    outcome: outcome.kind,
    exitCode: outcome.kind === "ok"
      ? outcome.exitCode ?? 0
      : outcome.kind === "failed"
      ? outcome.exitCode
      : null,
    signal: outcome.kind === "failed" ? outcome.signal ?? null : null,
    error: outcomeReason(outcome) ?? null,
  };
}

/** Decodes UTF-8 as text. A character that the limit cut in two is dropped and not counted as replaced. */
function decoded(capture: Capture): { text: string; replaced: boolean } {
  const cut = capture.omittedBytes > 0;
  try {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: strict.decode(capture.bytes, { stream: cut }), replaced: false };
  } catch {
    const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
    return { text: lenient.decode(capture.bytes, { stream: cut }), replaced: true };
  }
}
