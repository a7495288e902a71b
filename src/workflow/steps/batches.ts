/** `batches`: several steps for a batch of pods at a time, as long as not too many pods have failed. */
import * as v from "valibot";
import { listOf, numberType, textType } from "../../expression/type.ts";
import { fanOutFields } from "../../exec/exec.ts";
import { type Amount, batchSizes, parseAmount } from "../../exec/schedule.ts";
import type { Failure as TargetFailure, Outcome } from "../../exec/outcome.ts";
import { anything, described } from "../fields.ts";
import type { InnerEnd } from "../engine/failure.ts";
import { type StepTarget, targetFields, targetsEvent } from "../engine/named_targets.ts";
import { deadEnds, recordsType, troubleIn, withRecords } from "../engine/pod_output.ts";
import { exitCodeOfStep } from "../engine/policy.ts";
import type { Batch, StepContext } from "../engine/step_context.ts";
import { fanoutEntries, overBudget, plannedBatches, podEntries } from "../pod_fields.ts";
import { endData, type StepOutcome, type StepTargetEnd, targetEnded } from "../step_events.ts";
import { defineStep, type StepEnd } from "../step_kind.ts";

/** The kind `batches`. */
export const batchesStep = defineStep({
  name: "batches",
  summary:
    "Runs steps for a batch of pods at a time: the next batch starts after all steps of the one before, unless too " +
    "many pods have failed. Steps without a `select` of their own run in the pods of the batch.",
  inPods: true,
  entries: {
    batches: described(
      v.strictObject({
        serial: described(
          fanoutEntries.serial.wrapped,
          "Size of the batches, or several sizes, of which the last is repeated: `[1, 25%]` is a canary.",
        ),
        maxFail: v.optional(described(
          fanoutEntries.maxFail.wrapped,
          "The number or share of pods that may fail before no further batch starts; 0 by default. All pods of a " +
            "batch whose steps failed count, also if the failure was rescued.",
        )),
        steps: described(
          v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("at least one step")),
          "The steps of each batch. They know `batch`, a list of records of targets, and `index`.",
        ),
      }, "a mapping with `serial`, `maxFail` and `steps`"),
      "The sizes of the batches, and their steps.",
    ),
    ...podEntries,
  },
  inner: { steps: ["batches", "steps"] },
  innerNames: () => ({
    batch: listOf({ kind: "record", fields: targetFields }),
    index: numberType,
  }),
  output: {
    targets: listOf(textType),
    ok: listOf(textType),
    failed: listOf(textType),
    records: recordsType,
    batches: listOf({ kind: "record", fields: { targets: listOf(textType), outcome: textType } }),
  },
  example: `
select: { namespace: weka-operator-system, match: drive }
steps:
  - id: rollout
    batches:
      serial: [1, 50%]
      maxFail: 10%
      steps:
        - exec: [touch, /tmp/new]
        - id: gate
          exec: [test, -e, /tmp/new]
        - check: \${{ steps.gate.ok.size() == batch.size() }}
    targets: [weka-drive-0, weka-drive-1]
outputs:
  batches: \${{ steps.rollout.batches.map(one, one.targets.size()) }}
`,
  batches: ({ batches: { serial } }, total) => plannedBatches(serial, total),
  plan: ({ batches: { serial } }) => ({
    does: `in batches of ${[serial].flat().join(", ")}`,
    where: "pods",
    effect: "reads",
  }),
  run: async (fields, step) => {
    const { serial, maxFail = 0 } = fields.batches;
    const rollout = new Rollout(step, await step.targets(fields), {
      serial: fanOutFields.serial.read(serial) ?? [],
      maxFail: parseAmount(String(maxFail)),
    });
    return await rollout.run(({ targets, index }) => {
      const batch = targets.map(({ target, name }) => ({ ...step.record(target, name) }));
      return step.inner("steps", { names: { batch, index }, batch: { targets, index, fields } });
    }, fields);
  },
});

/** Pods of a batch, with its index among all batches of the step. */
type Planned = Pick<Batch, "targets" | "index">;

/** The batches of one step. */
class Rollout {
  readonly #ends: StepTargetEnd[] = [];
  readonly #batches: { targets: string[]; outcome: string }[] = [];
  #rescued: InnerEnd | undefined;
  #last: InnerEnd | undefined;

  constructor(
    private readonly step: StepContext,
    private readonly all: readonly StepTarget[],
    private readonly bounds: { serial: readonly Amount[]; maxFail: Amount },
  ) {}

  async run(
    runBatch: (batch: Planned) => Promise<InnerEnd>,
    fields: Parameters<StepContext["targets"]>[0],
  ): Promise<StepEnd> {
    const { emit, retained, signal } = this.step;
    await emit(targetsEvent(this.step, this.all));
    this.#ends.push(...await deadEnds(this.step, this.all));
    const isReachable = this.#trouble() === undefined;
    for (const one of this.all) {
      const end = one.unreachable === undefined ? retained.get(one) : undefined;
      if (end !== undefined) this.#ends.push(end);
    }
    const planned = this.#planned();
    for (const [at, { targets, index }] of planned.entries()) {
      if (signal.aborted || !isReachable || this.#isOver()) {
        const stop = signal.aborted
          ? "the run was cancelled"
          : isReachable
          ? "too many pods have failed"
          : "a context can't be reached";
        await this.#skip(planned.slice(at), stop);
        break;
      }
      await this.#runOne({ targets, index }, { runBatch, fields, of: planned.at(-1)?.index ?? 0 });
    }
    return this.#end();
  }

  /** Returns the batches with pods that an earlier run hasn't ended. */
  #planned(): Planned[] {
    const there = this.all.filter(({ unreachable }) => unreachable === undefined);
    let start = 0;
    return batchSizes(this.bounds.serial, there.length).map((size, index) => {
      const targets = there.slice(start, start += size);
      return { index, targets: targets.filter((one) => this.step.retained.get(one) === undefined) };
    }).filter(({ targets }) => targets.length > 0);
  }

  async #runOne(
    { targets, index }: Planned,
    { runBatch, fields, of }: {
      runBatch: (batch: Planned) => Promise<InnerEnd>;
      fields: Parameters<StepContext["targets"]>[0];
      of: number;
    },
  ): Promise<void> {
    const { emit, key: step, environment: { clock } } = this.step;
    const startedMs = clock.elapsedMs();
    const startedAt = clock.now().toISOString();
    const names = targets.map(({ name }) => name);
    await emit({ event: "batchStarted", step, index, count: of + 1, names, at: startedAt });
    const end = await runBatch({ targets, index });
    const durationMs = Math.round(clock.elapsedMs() - startedMs);
    const { outcome } = end;
    const at = clock.now().toISOString();
    await emit({ event: "batchEnded", step, index, ...endData(outcome), at, durationMs });
    this.#batches.push({ targets: names, outcome: outcome.kind });
    if (outcome.kind === "rescued") this.#rescued ??= end;
    if (outcome.kind !== "ok") this.#last = end;
    // Its steps may have replaced pods: a rerun has to know the new ones.
    const now = outcome.kind === "ok" ? await this.#current(fields) : undefined;
    for (const { target, name } of targets) {
      const own = end.failedTargets?.has(name) === true;
      await this.#add({
        target: now?.get(name) ?? target,
        name,
        outcome: outcomeOf(outcome, end, own),
        stdout: "",
        stderr: "",
        truncated: false,
        durationMs,
      });
    }
  }

  async #current(
    fields: Parameters<StepContext["targets"]>[0],
  ): Promise<ReadonlyMap<string, StepTarget["target"]> | undefined> {
    try {
      const found = await this.step.targets(fields);
      return new Map(found.map(({ name, target }) => [name, target]));
    } catch {
      // Whatever it is, the next batch reports it.
      return undefined;
    }
  }

  async #skip(batches: readonly Planned[], reason: string): Promise<void> {
    for (const { target, name } of batches.flatMap(({ targets }) => targets)) {
      const outcome = { kind: "skipped", reason } as const;
      const output = { stdout: "", stderr: "", truncated: false };
      await this.#add({ target, name, outcome, ...output, durationMs: 0 });
    }
  }

  async #add(end: StepTargetEnd): Promise<void> {
    this.#ends.push(end);
    const { key, environment } = this.step;
    await this.step.emit(targetEnded(key, end, environment.clock.now()));
  }

  #isOver(): boolean {
    const bad = this.#ends.filter(({ outcome }) => outcome.kind !== "ok");
    return overBudget(bad.length, this.all.length, this.bounds.maxFail);
  }

  #trouble() {
    return troubleIn(this.all, this.#ends, this.bounds.maxFail);
  }

  #end(): StepEnd {
    const order = new Map(this.all.map(({ name }, at) => [name, at]));
    this.#ends.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
    const named = (good: boolean) =>
      this.#ends.filter(({ outcome }) => (outcome.kind === "ok") === good).map(({ name }) => name);
    const output = {
      targets: this.all.map(({ name }) => name),
      ok: named(true),
      failed: named(false),
      batches: this.#batches,
    };
    const found = withRecords(this.step, this.#ends, { output });
    if (this.step.signal.aborted) return { outcome: { kind: "cancelled" }, ...found };
    const trouble = this.#trouble();
    const outcome = trouble ?? this.#rescued?.outcome ?? { kind: "ok" };
    const failure = trouble === undefined ? this.#rescued?.failure : this.#last?.failure;
    return { outcome, ...found, ...(failure && { failure }) };
  }
}

/** Returns how a pod ended with its batch. @param isOwn a step that was allowed to fail did so in this pod. */
function outcomeOf(batch: StepOutcome, { failure }: InnerEnd, isOwn: boolean): Outcome {
  if (batch.kind === "cancelled") return { kind: "cancelled" };
  if (batch.kind === "ok") {
    return isOwn ? failed("a step of its batch failed in it", 5) : { kind: "ok" };
  }
  const why = failure === undefined ? batch.kind : `${failure.step}: ${failure.reason}`;
  return failed(
    batch.kind === "rescued" ? `${why}; rescued` : why,
    batch.kind === "rescued" ? 5 : exitCodeOfStep(batch),
  );
}

function failed(reason: string, exitCode: number): TargetFailure {
  return { kind: "failed", exitCode, reason };
}
