/** The result of a whole run: a summary of all outcomes, the first failure first, and the exit code. */
import { processExitCode } from "../base/exit_code.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";
import { compressNames } from "./target_names.ts";

/** Targets that ended the same way, if it wasn't `ok`. */
interface FailureGroup {
  kind: Exclude<OutcomeKind, "ok">;
  /** `failed` only. */
  exitCode?: number;
  /** Indexes, rising. */
  targets: readonly number[];
  /** Their names as ranges. */
  names: string;
}

/** The counts of a run, and its first failure. */
export interface RunSummary {
  total: number;
  counts: Readonly<Record<OutcomeKind, number>>;
  /** In the order in which each first happened. */
  failures: readonly FailureGroup[];
  /** `47 ok, 2 failed (exit 1: weka-drive-3; exit 127: weka-drive-9), 1 timed out`. */
  text: string;
}

/** Collects outcomes in the order in which targets end. */
export class SummaryBuilder {
  readonly #counts: Record<OutcomeKind, number> = {
    ok: 0,
    failed: 0,
    timeout: 0,
    forbidden: 0,
    unreachable: 0,
    unknown: 0,
    cancelled: 0,
    skipped: 0,
  };
  readonly #failures = new Map<string, { outcome: Outcome; targets: number[] }>();

  ended(target: number, outcome: Outcome): void {
    this.#counts[outcome.kind] += 1;
    if (outcome.kind === "ok") return;
    const key = outcome.kind === "failed" ? `failed ${outcome.exitCode}` : outcome.kind;
    const group = this.#failures.get(key);
    if (group === undefined) this.#failures.set(key, { outcome, targets: [target] });
    else group.targets.push(target);
  }

  /** @param names of the targets, by index. */
  build(names: readonly string[]): RunSummary {
    const failures = [...this.#failures.values()].map((group) => failureGroup(group, names));
    const total = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    const counts = { ...this.#counts };
    return { total, counts, failures, text: textOf(counts, failures) };
  }
}

function failureGroup(
  { outcome, targets }: { outcome: Outcome; targets: readonly number[] },
  names: readonly string[],
): FailureGroup {
  const kind = outcome.kind as FailureGroup["kind"];
  const rising = targets.toSorted((a, b) => a - b);
  const ranges = compressNames(rising.map((target) => names[target] ?? String(target)));
  return {
    kind,
    ...(outcome.kind === "failed" ? { exitCode: outcome.exitCode } : {}),
    targets: rising,
    names: ranges,
  };
}

/** Returns an outcome's name in text. */
export function outcomeName(kind: string): string {
  return kind === "timeout" ? "timed out" : kind;
}

/** Returns the kinds in the order of their first failure; failed commands by exit code, each with its targets. */
function textOf(
  counts: Readonly<Record<OutcomeKind, number>>,
  failures: readonly FailureGroup[],
): string {
  const parts = counts.ok > 0 || failures.length === 0 ? [`${counts.ok} ok`] : [];
  for (const kind of new Set(failures.map((failure) => failure.kind))) {
    const codes = failures.filter((failure) => failure.kind === "failed")
      .map(({ exitCode, names }) => `exit ${exitCode}: ${names}`).join("; ");
    parts.push(`${counts[kind]} ${outcomeName(kind)}${kind === "failed" ? ` (${codes})` : ""}`);
  }
  return parts.join(", ");
}

/* The exit code of a whole run: the table of the reference, as a function. */

/** Codes of a run. 2 is a wrong command line, which isn't an outcome; 130 is 128 + SIGINT. */
const codes = { ok: 0, forbidden: 1, limit: 3, unreachable: 4, failed: 5, stopped: 130 } as const;

/**
 * Returns the gravest outcome: unreachable or unknown, then timed out or cancelled, then forbidden, then a failed
 * command. A single target returns its own exit code, like kubectl.
 *
 * @param options.failedContexts contexts whose targets could not even be listed: unreachable, all of them.
 * @param options.maxExitCode failed commands return the largest of their codes.
 * @param options.stopped a user or a signal stopped the run, whatever its state by then.
 */
export function exitCodeOfRun(
  outcomes: readonly Outcome[],
  options: { failedContexts?: number; maxExitCode?: boolean; stopped?: boolean } = {},
): number {
  if (options.stopped === true) return codes.stopped;
  const kinds = new Set(outcomes.map((outcome) => outcome.kind));
  const contextFailed = (options.failedContexts ?? 0) > 0;
  if (contextFailed || kinds.has("unreachable") || kinds.has("unknown")) return codes.unreachable;
  if (kinds.has("timeout") || kinds.has("cancelled")) return codes.limit;
  if (kinds.has("forbidden")) return codes.forbidden;
  const remote = outcomes.map((outcome) =>
    outcome.kind === "failed" ? processExitCode(outcome.exitCode) : 0
  );
  const largest = remote.reduce((max, code) => Math.max(max, code), 0);
  if (largest > 0) {
    return outcomes.length === 1 || options.maxExitCode === true ? largest : codes.failed;
  }
  return kinds.has("skipped") ? codes.limit : codes.ok;
}
