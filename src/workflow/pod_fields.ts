/** Fields of the steps that run in pods. */
import * as v from "valibot";
import { parseDuration } from "../base/duration.ts";
import { parseQuantity } from "../base/quantity.ts";
import type { OutputMode } from "../exec/run_options.ts";
import { type Amount, batchSizes } from "../exec/schedule.ts";
import { hasExpression } from "../expression/template.ts";
import { amount, countFromOne, described, duration, outputMode, text } from "./fields.ts";
import { selectShape } from "./selection_fields.ts";

/** A target: its name in this run, or its record, which stands for the same target in every run. */
const targetRef = v.union(
  [text, v.looseObject({ key: v.string("a text") }, "a record of a target")],
  "a name or a record of a target",
);

/** Which pods: the workflow's own selection, unless a step overrides it. */
export const podEntries = {
  select: v.optional(described(selectShape, "The pods of this step, instead of the workflow's.")),
  targets: v.optional(described(
    v.union([targetRef, v.array(targetRef, "targets")], "names or records of targets"),
    "Restricts the selected pods to these, by name or by record: `${{ steps.check.failed }}`.",
  )),
};

/** How many at a time, in which order, and how many may fail. */
export const fanoutEntries = {
  fanout: v.optional(described(countFromOne, "The number of pods at the same time.")),
  serial: v.optional(described(
    v.union([
      amount(1),
      v.pipe(v.array(amount(1), "a list of batches"), v.nonEmpty("a list of batches")),
    ], "the size of a batch, or a list of sizes"),
    "Size of the batches, or several sizes, of which the last is repeated: `25%`, `[1, 20%]`. A batch starts after the one before it, unless too many pods have failed.",
  )),
  maxFail: v.optional(described(
    amount(0),
    "The number or share of pods that may fail: up to it, the step is ok and its next batch starts. 0 by default.",
  )),
  commandTimeout: v.optional(described(duration, "Time limit of the command in each pod.")),
  connectTimeout: v.optional(described(duration, "Time limit to open each stream.")),
  outputMode: v.optional(described(outputMode, "Layout of the output.")),
};

/** Bounds of a fan-out as narrow types. */
export interface Fanout {
  fanout: number;
  connectTimeoutMs: number;
  commandTimeoutMs?: number;
  serial?: readonly Amount[];
  maxFail: Amount;
  outputMode: OutputMode;
}

const standard = { fanout: 32, connectTimeoutMs: 15_000 };

/** Converts evaluated fields to narrow types. */
export function fanoutOf(
  fields: {
    fanout?: number | undefined;
    serial?: string | number | readonly (string | number)[] | undefined;
    maxFail?: string | number | undefined;
    commandTimeout?: string | undefined;
    connectTimeout?: string | undefined;
    outputMode?: OutputMode | undefined;
  },
): Fanout {
  const { serial, maxFail = 0 } = fields;
  const commandTimeoutMs = parseDuration(fields.commandTimeout ?? "");
  return {
    fanout: fields.fanout ?? standard.fanout,
    connectTimeoutMs: parseDuration(fields.connectTimeout ?? "") ?? standard.connectTimeoutMs,
    ...(commandTimeoutMs === undefined ? {} : { commandTimeoutMs }),
    ...(serial === undefined ? {} : { serial: serialOf([serial].flat()) }),
    maxFail: amountOf(maxFail),
    outputMode: fields.outputMode ?? "prefix",
  };
}

/** How much of each stream of each pod is stored, unless the step sets it. */
const defaultLimitBytes = 64 * 1024;

/** Returns `maxOutput` in bytes. */
export function podLimitOf(maxOutput: string | undefined): number {
  return maxOutput === undefined
    ? defaultLimitBytes
    : Math.floor(parseQuantity(maxOutput) ?? defaultLimitBytes);
}

/** Returns the sizes of batches. */
export function serialOf(written: readonly (string | number)[]): Amount[] {
  return written.map(amountOf);
}

/** Returns the sizes of the batches of `total` pods; undefined if they aren't known before the run, or there are none. */
export function plannedBatches(
  serial: string | number | readonly (string | number)[] | undefined,
  total: number,
): readonly number[] | undefined {
  const sizes = [serial ?? []].flat();
  const isKnown = sizes.length > 0 &&
    !sizes.some((size) => typeof size === "string" && hasExpression(size));
  return isKnown ? batchSizes(serialOf(sizes), total) : undefined;
}

/** Parses `3` or `10%`. */
export function amountOf(written: string | number): Amount {
  return typeof written === "number"
    ? { kind: "count", count: written }
    : { kind: "percent", percent: parseInt(written) };
}

/** Returns whether more have failed than the budget allows. */
export function overBudget(failed: number, total: number, budget: Amount): boolean {
  return budget.kind === "count" ? failed > budget.count : failed * 100 > budget.percent * total;
}
