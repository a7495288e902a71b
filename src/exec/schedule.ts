/** Decides when the next target of a run starts: one pure function, called again after every event. */
import { BadValue, type Field, type FieldDetails, parsedField } from "../operation/field.ts";

/** A number of targets, or a percentage of all of them. */
export type Amount = { kind: "count"; count: number } | { kind: "percent"; percent: number };

/** The progress of a run. */
export interface ScheduleState {
  /** Targets that are known. */
  total: number;
  /** More targets may be found. */
  more: boolean;
  /** Targets started so far; they start in order. */
  started: number;
  /** The started targets that haven't ended. */
  running: number;
  /** The started targets that ended in any way other than `ok`. */
  failed: number;
  /** Why no further target may start; absent while the run continues. */
  stopped?: string;
}

/** The bounds of a run. */
export interface SchedulePolicy {
  /** Targets at the same time. */
  fanout: number;
  /**
   * Sizes of the batches, like Ansible's `serial`: each in turn, then the last one repeatedly. A batch starts when the
   * previous one has ended. One batch of all targets if absent.
   */
  serial?: readonly Amount[] | undefined;
  /** No further batch starts once more targets than this have failed; without batches, no further target. */
  maxFail?: Amount | undefined;
  /** No further target starts once one has failed. */
  failFast?: boolean | undefined;
}

/** The next action. `stop` skips every target that hasn't started; running ones continue to their end. */
type ScheduleDecision =
  | { kind: "start"; target: number }
  | { kind: "wait" }
  | { kind: "stop"; reason?: string };

/** A sliding window within the batch: as soon as one target ends, the next starts. */
export function next(state: ScheduleState, policy: SchedulePolicy): ScheduleDecision {
  const { total, more, started, running } = state;
  if (state.stopped !== undefined) return { kind: "stop", reason: state.stopped };
  const { serial } = policy;
  // Percentages, and the end of the last batch, require a known total.
  if (more && (serial !== undefined || policy.maxFail?.kind === "percent")) return { kind: "wait" };
  if (started === total) return more ? { kind: "wait" } : { kind: "stop" };
  if (policy.failFast === true && state.failed > 0) {
    return { kind: "stop", reason: "an earlier target failed (fail-fast)" };
  }
  const startsBatch = serial === undefined || isBatchStart(started, total, serial);
  // The running targets of the previous batch may still fail: that must be known first.
  if (serial !== undefined && startsBatch && running > 0) return { kind: "wait" };
  if (startsBatch && exceeds(state, policy.maxFail)) {
    return { kind: "stop", reason: `${state.failed} of ${total} targets failed (max-fail)` };
  }
  return running < policy.fanout ? { kind: "start", target: started } : { kind: "wait" };
}

function exceeds({ failed, total }: ScheduleState, maxFail: Amount | undefined): boolean {
  switch (maxFail?.kind) {
    case undefined:
      return false;
    case "count":
      return failed > maxFail.count;
    case "percent":
      return failed * 100 > maxFail.percent * total;
  }
}

/** Returns the index of the first target of each batch. */
export function batchStarts(total: number, serial: readonly Amount[]): number[] {
  return Array.from({ length: total }, (_, target) => target)
    .filter((target) => isBatchStart(target, total, serial));
}

/** Returns whether a batch starts with the target of this index. Counted without a list of all batches. */
function isBatchStart(target: number, total: number, serial: readonly Amount[]): boolean {
  let batchStart = 0;
  for (const amount of serial) {
    if (target <= batchStart) return target === batchStart;
    batchStart += batchSize(amount, total);
  }
  const last = serial.at(-1);
  if (last === undefined || target < batchStart) return target === 0;
  return (target - batchStart) % batchSize(last, total) === 0;
}

/** Returns the sizes of all batches. */
export function batchSizes(serial: readonly Amount[], total: number): number[] {
  const sizes: number[] = [];
  for (let known = 0; known < total;) {
    const amount = serial[Math.min(sizes.length, serial.length - 1)];
    const size = Math.min(amount === undefined ? total : batchSize(amount, total), total - known);
    sizes.push(size);
    known += size;
  }
  return sizes;
}

/** Like Ansible: a fraction of a target is dropped, and every batch has at least one. */
function batchSize(amount: Amount, total: number): number {
  const size = amount.kind === "count" ? amount.count : Math.floor(amount.percent * total / 100);
  return Math.max(1, size);
}

/* Numbers of targets as front ends give them: `5`, or `20%` of all of them. */

/** Parses an amount from 0. @throws BadValue */
export function parseAmount(raw: string): Amount {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(raw);
  const number = Number(match?.[1]);
  if (match?.[2] === "%" && number <= 100) return { kind: "percent", percent: number };
  if (match?.[2] === "" && Number.isInteger(number)) return { kind: "count", count: number };
  throw new BadValue(raw, "must be a number of pods, or a percentage of them", {
    hint: "as in 5, or 20%",
  });
}

/** Parses the sizes of successive batches: `1,5,20%`. @throws BadValue */
export function parseAmounts(raw: string): readonly Amount[] {
  return raw.split(",").map((part) => {
    const size = parseAmount(part.trim());
    if (size.kind === "count" ? size.count >= 1 : size.percent > 0) return size;
    throw new BadValue(raw, "a batch has one pod at least", { hint: "as in 1,5,20%" });
  });
}

const amountSchema = {
  oneOf: [{ type: "integer", minimum: 0 }, { type: "string", pattern: /^\d+(?:\.\d+)?%?$/.source }],
};

/** A number of targets, or a percentage of all. */
export function amountField(about: string, details?: FieldDetails): Field<Amount | undefined> {
  const expected = "a number of pods, or a percentage of them";
  const field = parsedField(about, { parse: parseAmount, expected }, {
    ...{ placeholder: "N|P%", ...details },
  });
  const read = (given: unknown) => field.read(typeof given === "number" ? String(given) : given);
  return { ...field, kind: "amount", schema: amountSchema, read };
}

/** Several of them, each from one target. */
export function amountsField(
  about: string,
  details?: FieldDetails,
): Field<readonly Amount[] | undefined> {
  const field = parsedField(about, {
    parse: parseAmounts,
    expected: "sizes of batches such as 1,5,20%",
  }, { placeholder: "N|P%,...", ...details });
  return {
    ...field,
    kind: "amounts",
    schema: { oneOf: [...amountSchema.oneOf, { type: "array", items: amountSchema }] },
    read: (given) => {
      const sizes = [given].flat();
      const areSizes = sizes.every((size) => typeof size === "string" || typeof size === "number");
      return field.read(areSizes ? sizes.join(",") : given);
    },
  };
}
