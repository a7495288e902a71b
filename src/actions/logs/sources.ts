/** What reading and following logs share: the containers and their names, opening, events of a context, exit code. */
import { type NameParts, nameParts, targetName } from "../../exec/target_names.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { LogsEvent } from "./events.ts";
import type { KodamaError } from "../../base/errors.ts";
import type { OpenLog } from "../../logs/reading.ts";
import type { ContextFindings } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";

/** Grows while logs are followed. */
export class LogSources {
  readonly #keys = new Set<string>();
  #parts: NameParts | undefined;
  #count = 0;

  constructor(private readonly contexts: readonly string[]) {}

  get count(): number {
    return this.#count;
  }

  /** Returns the targets that aren't in the list yet, and adds their keys. */
  unknown(targets: readonly Target[]): Target[] {
    return targets.filter((target) => {
      const key = keyOf(target);
      if (this.#keys.has(key)) return false;
      this.#keys.add(key);
      return true;
    });
  }

  /** Appends them to the list. The first call fixes the parts of names. */
  add(targets: readonly Target[], { joined }: { joined: boolean }): LogsEvent {
    const own = nameParts(targets);
    this.#parts ??= { ...own, context: own.context || new Set(this.contexts).size > 1 };
    const parts = { ...this.#parts, container: this.#parts.container || own.container };
    this.#count += targets.length;
    const names = targets.map((target) => targetName(target, parts));
    return { kind: "sourcesAdded", sources: targets, names, joined };
  }
}

function keyOf({ context, namespace, pod, container, uid = "" }: Target): string {
  return JSON.stringify([context, namespace, pod, container, uid]);
}

/** Everything was read: 0; some log couldn't be reached: 4; some server refused: 1. */
export function exitCodeOfLogs(errors: readonly KodamaError[], unreachedCount: number): number {
  const unreachable = errors.some(({ kind }) => kind === "unreachable" || kind === "timeout");
  if (unreachable || unreachedCount > 0) return 4;
  return errors.length > 0 ? 1 : 0;
}

/** Returns the number of contexts and named pods in findings that can't be read. */
export function unreachedIn(findings: ContextFindings): number {
  return findings.kind === "failed" ? 1 : findings.skipped.filter(({ named }) => named).length;
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
