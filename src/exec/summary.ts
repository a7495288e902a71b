/** How a run went, in numbers: all outcomes together, the first failure first. */
import type { Outcome, OutcomeKind } from "./outcome.ts";
import { compressNames } from "./name_ranges.ts";

/** Targets that ended the same way, if it wasn't `ok`. */
export interface FailureGroup {
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
export function outcomeName(kind: OutcomeKind): string {
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
