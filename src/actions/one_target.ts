/** Resolves a selection to one target, for actions that can't use more. */
import { action, hint } from "../base/hint.ts";
import { NoMatchError, UsageError } from "../base/errors.ts";
import { nameParts, targetName } from "../exec/target_names.ts";
import type { Target } from "../kube/select/target.ts";
import {
  type ContextFindings,
  defaultedNotes,
  Discovery,
  matchesText,
  noMatch,
  selectIn,
} from "./exec/discover_targets.ts";
import type { ExecEvent, Selection } from "./exec/events.ts";
import type { Host } from "./host.ts";

/** An event about contexts and pods other than the target. */
type FindingNote = Extract<
  ExecEvent,
  { kind: "contextFailed" | "podsSkipped" | "containersDefaulted" }
>;

/** Targets of a selection, and the notes to emit. */
export interface Findings {
  targets: readonly Target[];
  /** The names of the targets: as short as possible without being ambiguous. */
  names: readonly string[];
  notes: readonly FindingNote[];
}

/**
 * Returns all targets of a selection in every context.
 *
 * @throws NoMatchError if there is none; KodamaError of a context that can't answer if no other has one.
 */
export async function allTargets(
  host: Host,
  { contexts, selection }: { contexts: readonly string[]; selection: Selection },
  signal: AbortSignal,
): Promise<Findings> {
  const discovery = new Discovery(host, contexts, selectIn(host, selection), { signal });
  const findings = await Array.fromAsync(discovery.rest());
  const targets = findings.flatMap((found) => found.kind === "found" ? found.targets : []);
  const notes = [...findings.flatMap(noteOf), ...defaultedNotes(targets)];
  if (targets.length === 0) {
    // The pods of a context that can't be reached aren't known.
    throw findings.find((found) => found.kind === "failed")?.error ?? noMatch(findings);
  }
  const parts = nameParts(targets);
  return { targets, names: targets.map((target) => targetName(target, parts)), notes };
}

function noteOf(found: ContextFindings): FindingNote[] {
  const { context } = found;
  if (found.kind === "failed") return [{ kind: "contextFailed", context, error: found.error }];
  const { skipped } = found;
  return skipped.length === 0 ? [] : [{ kind: "podsSkipped", context, skipped }];
}

/**
 * Returns the only target of a selection.
 *
 * @throws UsageError that lists the matches if there are several; otherwise as {@link allTargets}.
 */
export async function onlyTarget(
  host: Host,
  asked: { contexts: readonly string[]; selection: Selection },
  signal: AbortSignal,
): Promise<{ target: Target; notes: readonly FindingNote[] }> {
  const { targets: [target, ...others], names, notes } = await allTargets(host, asked, signal);
  if (target === undefined) throw new Error("a selection without targets was let through");
  if (others.length === 0) return { target, notes };
  throw new UsageError(`a shell is for one pod, and ${matchesText(names)}`, {
    hint: hint`name one, or narrow the selection; \`${
      action("tmux")
    }\` opens a shell in each of them`,
  });
}

/**
 * Returns the only target of a selection, which must be usable.
 *
 * @throws NoMatchError if its pod isn't running; otherwise as {@link onlyTarget}.
 */
export async function runningTarget(
  host: Host,
  asked: { contexts: readonly string[]; selection: Selection },
  signal: AbortSignal,
): Promise<Target> {
  const { target } = await onlyTarget(host, asked, signal);
  const { pod, namespace, context, trouble } = target;
  if (trouble === undefined) return target;
  const state = trouble.startsWith("container ") ? trouble : `it ${trouble}`;
  throw new NoMatchError(
    `pod "${pod}" in namespace "${namespace}" (context ${context}) isn't running: ${state}`,
    { hint: `\`kubectl describe pod ${pod} -n ${namespace}\` says more` },
  );
}
