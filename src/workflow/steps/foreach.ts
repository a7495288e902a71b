/** `foreach`: the same steps for every item of a list. */
import * as v from "valibot";
import type { JsonValue } from "../../base/json_value.ts";
import { anyType, listOf, numberType, textType } from "../../expression/type.ts";
import { amount, anything, countFromOne, described, identifier } from "../fields.ts";
import { type InnerEnd, isGood } from "../engine/failure.ts";
import type { StepOutcome } from "../step_events.ts";
import { defineStep, ok } from "../step_kind.ts";
import { amountOf, overBudget } from "../pod_fields.ts";

/** Maximum number of failed rounds that a line names. */
const roundsShown = 5;

/** Returns an item as a line names it. */
function itemText(item: JsonValue): string {
  const text = typeof item === "string" ? item : JSON.stringify(item);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The kind `foreach`. */
export const foreachStep = defineStep({
  name: "foreach",
  summary:
    "Runs steps for every item of a list, one or several at a time, until more than `maxFail` have failed.",
  entries: {
    foreach: described(
      v.array(anything, "a list, or an expression that returns one"),
      "The list, or an expression that returns one.",
    ),
    as: v.optional(
      described(identifier, "The name of the item in expressions; `item` by default."),
    ),
    maxFail: v.optional(described(
      amount(0),
      "The number of items that may fail before the step ends. 0 by default.",
    )),
    concurrency: v.optional(described(
      countFromOne,
      "The number of items at the same time; 1 by default. After too many failures, items that have started are finished.",
    )),
    steps: described(
      v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("at least one step")),
      "The steps.",
    ),
  },
  inner: { steps: ["steps"] },
  fixed: ["as", "steps"],
  innerNames: ({ as = "item" }) => ({ [as]: anyType, index: numberType }),
  output: { items: listOf({ kind: "record", fields: { item: anyType, outcome: textType } }) },
  example: `
permissions: { run: [echo] }
steps:
  - id: each
    foreach: [a, b]
    as: letter
    maxFail: 1
    steps:
      - shell: [echo, "\${{ letter }}", "\${{ index }}"]
  - foreach: [1, 2, 3, 4]
    concurrency: 2
    steps:
      - wait: 10ms
outputs:
  rounds: \${{ size(steps.each.items) }}
`,
  plan: ({ foreach }) => ({
    does: `for each of ${Array.isArray(foreach) ? `${foreach.length} items` : foreach}`,
    where: "nowhere",
    effect: "reads",
  }),
  run: async ({ foreach: items, as = "item", maxFail = 0, concurrency = 1 }, step) => {
    const budget = amountOf(maxFail);
    const rounds: { item: JsonValue; outcome: StepOutcome }[] = [];
    let stopper: InnerEnd | undefined;
    let [next, bad] = [0, 0];
    const texts = items.map((item) => JSON.stringify(item));
    const counts = new Map<string, number>();
    const before = texts.map((text) => {
      const count = counts.get(text) ?? 0;
      counts.set(text, count + 1);
      return count;
    });
    const takeTurns = async () => {
      while (stopper === undefined && next < items.length) {
        const index = next++;
        const item = items[index] as JsonValue;
        const names = { [as]: item, index };
        const round = { part: String(index), item, before: before[index] ?? 0 };
        const end = await step.inner("steps", { names, round });
        const { outcome } = end;
        rounds[index] = { item, outcome };
        if (isGood(outcome)) continue;
        const isOver = overBudget(++bad, items.length, budget) || outcome.kind === "cancelled";
        if (isOver) stopper ??= end;
      }
    };
    const atOnce = Math.min(concurrency, items.length);
    await Promise.all(Array.from({ length: atOnce }, takeTurns));
    const output = { items: rounds.map(({ item, outcome }) => ({ item, outcome: outcome.kind })) };
    if (stopper !== undefined) {
      const { outcome, failure } = stopper;
      return { outcome, output, ...(failure && { failure }) };
    }
    const failures = rounds.filter(({ outcome }) => !isGood(outcome));
    if (failures.length > 0) {
      const names = failures.slice(0, roundsShown).map(({ item }) => itemText(item));
      const more = failures.length > roundsShown ? ", …" : "";
      const count = `${failures.length} of ${items.length} rounds failed`;
      step.line(`${count}, which maxFail allows: ${names.join(", ")}${more}`, "stderr");
    }
    const rescued = rounds.find(({ outcome }) => outcome.kind === "rescued");
    return { ...ok(output), ...(rescued && { outcome: rescued.outcome }) };
  },
});
