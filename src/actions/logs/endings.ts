/** Shared by reading and following logs: opening, events of a context, exit code. */
import type { KodamaError } from "../../base/errors.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { OpenLog } from "../../logs/reading.ts";
import type { ContextFindings } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";
import type { LogsEvent } from "./events.ts";

/** Everything was read: 0; some log couldn't be reached: 4; some server refused: 1. */
export function exitCodeOfLogs(errors: readonly KodamaError[], failedContexts: number): number {
  const unreachable = errors.some(({ kind }) => kind === "unreachable" || kind === "timeout");
  if (unreachable || failedContexts > 0) return 4;
  return errors.length > 0 ? 1 : 0;
}

/** Returns the events of a context's findings. Throws if the context failed and was the only one. */
export function noted(findings: ContextFindings, contexts: readonly string[]): LogsEvent[] {
  const { context } = findings;
  if (findings.kind === "failed") {
    if (new Set(contexts).size <= 1) throw findings.error;
    return [{ kind: "contextFailed", context, error: findings.error }];
  }
  const { skipped } = findings;
  return skipped.length === 0 ? [] : [{ kind: "podsSkipped", context, skipped }];
}

/** Returns whether pods are named individually: they don't return once they have ended. */
export function namesPods({ operands }: Selection): boolean {
  return operands.length > 0 && operands.every(({ kind }) => kind === "pod");
}

/** Returns a function that opens a target's log. @param options.bulk it is one of many. */
export function openerOf(host: Host, target: Target, { bulk }: { bulk: boolean }): OpenLog {
  const { context, namespace, pod, container } = target;
  return async (query, signal) =>
    await (await host.kube(context)).logs({ namespace, pod, container, bulk, ...query }, {
      signal,
    });
}
