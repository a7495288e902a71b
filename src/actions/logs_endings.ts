/** What reading logs to their ends and following them have in common: opening, what is told of a context, the end. */
import type { KodamaError } from "../base/errors.ts";
import type { Selection, Target } from "../kube/target.ts";
import type { OpenLog } from "../logs/reading.ts";
import type { ContextFindings } from "./discover_targets.ts";
import type { Host } from "./host.ts";
import type { LogsEvent } from "./logs_events.ts";

/** Everything was read: 0; some log couldn't be reached: 4; some server said no: 1. */
export function exitCodeOfLogs(errors: readonly KodamaError[], failedContexts: number): number {
  const unreachable = errors.some(({ kind }) => kind === "unreachable" || kind === "timeout");
  if (unreachable || failedContexts > 0) return 4;
  return errors.length > 0 ? 1 : 0;
}

/** What is to be told of a context. Throws where it was the only one asked. */
export function noted(findings: ContextFindings, contexts: readonly string[]): LogsEvent[] {
  const { context } = findings;
  if (findings.kind === "failed") {
    if (new Set(contexts).size <= 1) throw findings.error;
    return [{ kind: "contextFailed", context, error: findings.error }];
  }
  const { skipped } = findings;
  return skipped.length === 0 ? [] : [{ kind: "podsSkipped", context, skipped }];
}

/** Whether pods are named one by one: they come no more when they have ended. */
export function namesPods({ operands }: Selection): boolean {
  return operands.length > 0 && operands.every(({ kind }) => kind === "pod");
}

/** Opens a target's log. @param options.bulk it is one of many. */
export function openerOf(host: Host, target: Target, { bulk }: { bulk: boolean }): OpenLog {
  const { context, namespace, pod, container } = target;
  return async (query, signal) =>
    await (await host.kube(context)).logs({ namespace, pod, container, bulk, ...query }, {
      signal,
    });
}
