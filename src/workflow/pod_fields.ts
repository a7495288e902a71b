/** Fields of the steps that run in pods. */
import * as v from "valibot";
import { parseQuantity } from "../base/quantity.ts";
import { commandFields, fanOutFields, layoutFields } from "../exec/exec.ts";
import { type Amount, batchSizes } from "../exec/schedule.ts";
import { hasExpression } from "../expression/template.ts";
import { type Input, offered } from "../operation/field.ts";
import { described, entriesOf, inputOfEntries, text } from "./fields.ts";
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

/** The bounds of a step that runs something in pods. */
const boundFields = offered(
  { ...fanOutFields, timeoutMs: commandFields.timeoutMs, ...layoutFields },
  "workflows",
);

/** How many at a time, in which order, and how many may fail. */
export const fanoutEntries = entriesOf(boundFields);

/** Bounds of a fan-out as narrow types. */
export type Fanout =
  & Partial<Input<typeof boundFields>>
  & {
    [Name in "fanout" | "connectTimeoutMs" | "maxFail" | "outputMode"]: Exclude<
      Input<typeof boundFields>[Name],
      undefined
    >;
  };

/** Converts evaluated fields to narrow types. */
export function fanoutOf(fields: Readonly<Record<string, unknown>>): Fanout {
  return inputOfEntries(boundFields, fields) as Fanout;
}

/** How much of each stream of each pod is stored, unless the step sets it. */
const defaultLimitBytes = 64 * 1024;

/** Returns `maxOutput` in bytes. */
export function podLimitOf(maxOutput: string | undefined): number {
  return maxOutput === undefined
    ? defaultLimitBytes
    : Math.floor(parseQuantity(maxOutput) ?? defaultLimitBytes);
}

/** Returns the sizes of the batches of `total` pods; undefined if they aren't known before the run, or there are none. */
export function plannedBatches(serial: unknown, total: number): readonly number[] | undefined {
  const isKnown = serial !== undefined &&
    ![serial].flat().some((size) => typeof size === "string" && hasExpression(size));
  return isKnown ? batchSizes(fanOutFields.serial.read(serial) ?? [], total) : undefined;
}

/** Returns whether more have failed than the budget allows. */
export function overBudget(failed: number, total: number, budget: Amount): boolean {
  return budget.kind === "count" ? failed > budget.count : failed * 100 > budget.percent * total;
}
