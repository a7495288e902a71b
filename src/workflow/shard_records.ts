/**
 * The records of a run in the cluster: each shard has one, which consists of a record for each time that its process
 * was started. What a restarted shard doesn't repeat, and all of them as one run. Pure.
 */
import { outcomeOfLostShard } from "../exec/outcome.ts";
import { compressNames } from "../exec/target_names.ts";
import type { Target } from "../kube/select/target.ts";
import { exitCodeOfStep } from "./engine/policy.ts";
import type { Retained, RetainedEnd } from "./engine/step_identity.ts";
import { type PastStep, type PastWorkflow, readWorkflowRecord } from "./record.ts";
import { type ResumeFrom, retainedOf } from "./resume.ts";
import type { StepOutcome, StepTargetEnd } from "./step_events.ts";

/** The first characters of a record, which no other line starts with. */
const firstLine = '{"event":"workflow"';

/** Returns the records in the text of a shard: one for each start of its process, the first one first. */
export function readAttempts(name: string, text: string): PastWorkflow[] {
  const texts: string[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith(firstLine)) texts.push("");
    // Half of a line, of a process that was killed while it wrote.
    if (texts.length > 0 && isLine(line)) texts[texts.length - 1] += `${line}\n`;
  }
  return texts.map((one) => readWorkflowRecord(name, one));
}

function isLine(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns what all of these have recorded, as one: of a step or a pod that several have, the last one counts. */
export function joinedAttempts(
  [first, ...later]: readonly PastWorkflow[],
): PastWorkflow | undefined {
  if (first === undefined) return undefined;
  let joined = first;
  for (const next of later) {
    const steps = new Map(joined.steps.map((step) => [step.key, step]));
    for (const step of next.steps) {
      const before = steps.get(step.key);
      steps.set(step.key, before === undefined ? step : joinedStep(before, step));
    }
    const { end: _, ...others } = joined;
    joined = {
      ...others,
      steps: [...steps.values()],
      scopes: [...joined.scopes, ...next.scopes],
      ...(next.end === undefined ? {} : { end: next.end }),
    };
  }
  return joined;
}

function joinedStep(before: PastStep, after: PastStep): PastStep {
  const maps = {
    targets: new Map([...before.targets, ...after.targets]),
    begun: new Map([...before.begun, ...after.begun]),
    endedAt: new Map([...before.endedAt, ...after.endedAt]),
    written: new Map([...before.written, ...after.written]),
  };
  // What is taken from an earlier record starts and ends as it did there.
  return after.isRetained === true
    ? { ...after, ...before, ...(after.end === undefined ? {} : { end: after.end }), ...maps }
    : { ...before, ...after, ...maps };
}

const notKnown = "its shard was stopped before it recorded how this ended; a rerun repeats it";

/**
 * Returns what a restarted shard doesn't repeat: what has ended, and what may have been carried out, whose outcome isn't
 * known. Only a person repeats that.
 */
export function retainedByItself(past: PastWorkflow): Retained {
  const steps = past.steps.map((step): PastStep => {
    const targets = new Map(step.targets);
    for (const [name, { target }] of step.begun) {
      const known = targets.get(name);
      const isOpen = step.begun.get(name)?.hasEnded === false;
      if (isOpen || known === undefined || known.outcome.kind === "cancelled") {
        targets.set(name, unknownEnd(name, target));
      }
    }
    return { ...step, targets };
  });
  const retained = retainedOf({ ...past, steps }, { kind: "rest" });
  const unclear = steps.filter(({ once, end }) =>
    once === true && (end === undefined || end.outcome.kind === "cancelled")
  );
  return {
    ...retained,
    steps: new Map([
      ...retained.steps,
      ...unclear.map(({ identity, definition, inputs }): [string, RetainedEnd] => [identity, {
        outcome: { kind: "failed", reason: notKnown },
        output: {},
        ...(definition === undefined ? {} : { definition }),
        ...(inputs === undefined ? {} : { inputs }),
      }]),
    ]),
  };
}

function unknownEnd(name: string, target: Target): StepTargetEnd {
  const outcome = outcomeOfLostShard(notKnown);
  return { target, name, outcome, stdout: "", stderr: "", truncated: false, durationMs: 0 };
}

/** Returns what a rerun retains, with the pods of each step: a shard's record alone must list them. */
export function retainedWithPods(past: PastWorkflow, from: ResumeFrom): Retained {
  const retained = retainedOf(past, from);
  const ends = new Map(past.steps.map((step) => [step.identity, [...step.targets.values()]]));
  const steps = [...retained.steps].map(([identity, end]): [string, RetainedEnd] => [
    identity,
    { ...end, ends: ends.get(identity) ?? end.ends ?? [] },
  ]);
  return { ...retained, steps: new Map(steps) };
}

/** Returns what several records retain together; the later ones count. */
export function joinedRetained(all: readonly (Retained | undefined)[]): Retained {
  const parts = all.filter((one) => one !== undefined);
  const targets = new Map<string, RetainedTargets>();
  for (const [identity, part] of parts.flatMap((one) => [...one.targets])) {
    const before = targets.get(identity)?.ends ?? [];
    targets.set(identity, { ...part, ends: new Map([...before, ...part.ends]) });
  }
  return {
    steps: new Map(parts.flatMap(({ steps }) => [...steps])),
    targets,
    names: new Map(parts.flatMap(({ names = [] }) => [...names])),
  };
}

type RetainedTargets = Retained["targets"] extends ReadonlyMap<string, infer Part> ? Part : never;

/** Returns whether a restarted shard has nothing to do: it ended, and wasn't merely stopped. */
export function isWorkflowOver({ end }: PastWorkflow): boolean {
  return end !== undefined && (end.outcome.kind !== "cancelled" || end.again?.kind === "all");
}

/** A shard as the cluster has it. */
interface ShardState {
  /** Undefined if it hasn't started. */
  record: PastWorkflow | undefined;
  /** Why it ended without recording its end; undefined if it still may. */
  lost: string | undefined;
}

/** The worst first. */
const ranks: readonly StepOutcome["kind"][] = [
  "failed",
  "timeout",
  "denied",
  "refused",
  "cancelled",
  "rescued",
  "ok",
  "skipped",
];

/** Returns the run that these shards are; undefined if none of them has started. */
export function joinedShards(shards: readonly ShardState[]): PastWorkflow | undefined {
  const records = shards.flatMap(({ record }) => record ?? []);
  const [first] = records;
  if (first === undefined) return undefined;
  const keys = [...new Set(records.flatMap(({ steps }) => steps.map(({ key }) => key)))];
  const ends = shards.map(endOf);
  const outcomes = ends.flatMap((end) => end?.outcome ?? []);
  const steps = keys.map((key) =>
    joinedParts(records.flatMap((one) => one.steps.filter((step) => step.key === key)), {
      isWhole: records.every((one) => one.steps.some((step) => step.key === key)),
    })
  );
  const isOnly = shards.length === 1;
  const failed = steps.find(({ end }) => end?.outcome.kind === "failed" && !end.tolerated);
  const found = worst(outcomes);
  // Each shard counts its own pods.
  const outcome = !isOnly && found?.kind === "failed" && !ends.some((end) => isLost(end))
    ? failed?.end?.outcome ?? found
    : found;
  return {
    header: { ...first.header, at: records.map(({ header: { at } }) => at).toSorted()[0] ?? "" },
    steps,
    scopes: records.flatMap(({ scopes }) => scopes),
    ...(outcome === undefined || ends.includes(undefined) ? {} : {
      end: {
        outcome,
        outputs: isOnly ? first.end?.outputs ?? {} : {},
        exitCode: exitCodeOfStep(outcome),
        again: outcome.kind === "ok" ? null : (isOnly ? first.end?.again : undefined) ??
          { kind: "failed" },
        durationMs: Math.max(...ends.map((end) => end?.durationMs ?? 0)),
      },
    }),
  };
}

function endOf(
  { record, lost }: ShardState,
): { outcome: StepOutcome; durationMs: number } | undefined {
  if (record?.end !== undefined) return record.end;
  return lost === undefined
    ? undefined
    : { outcome: { kind: "failed", reason: lost }, durationMs: 0 };
}

function isLost(end: ReturnType<typeof endOf>): boolean {
  return end !== undefined && !("outputs" in end);
}

/** Counts the pods of all shards. */
function ofAll(
  outcome: StepOutcome | undefined,
  targets: ReadonlyMap<string, StepTargetEnd>,
): StepOutcome | undefined {
  const bad = [...targets.values()].filter((end) => end.outcome.kind !== "ok");
  if (outcome?.kind !== "failed" || bad.length === 0) return outcome;
  const names = compressNames(bad.map(({ name }) => name));
  return { ...outcome, reason: `${bad.length} of ${targets.size} pods weren't ok: ${names}` };
}

function worst(outcomes: readonly StepOutcome[]): StepOutcome | undefined {
  return outcomes.toSorted((a, b) => ranks.indexOf(a.kind) - ranks.indexOf(b.kind))[0];
}

/** Returns a step of all shards. */
function joinedParts(parts: readonly PastStep[], { isWhole }: { isWhole: boolean }): PastStep {
  const [first] = parts as [PastStep];
  if (parts.length === 1 && isWhole) return first;
  const { end: _, ...others } = first;
  const all = <Value>(mapOf: (part: PastStep) => ReadonlyMap<string, Value>) =>
    new Map(
      parts.flatMap((part) => [...mapOf(part)])
        .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true })),
    );
  const targets = all((part) => part.targets);
  const outcome = ofAll(worst(parts.flatMap(({ end }) => end?.outcome ?? [])), targets);
  const hasEnded = isWhole && parts.every(({ end }) => end !== undefined);
  return {
    ...others,
    targets,
    begun: all(({ begun }) => begun),
    endedAt: all(({ endedAt }) => endedAt),
    written: all(({ written }) => written),
    ...(!hasEnded || outcome === undefined ? {} : {
      end: {
        outcome,
        tolerated: parts.every(({ end }) => end?.outcome.kind === "ok" || end?.tolerated === true),
        output: null,
        durationMs: Math.max(...parts.map(({ end }) => end?.durationMs ?? 0)),
      },
    }),
  };
}
