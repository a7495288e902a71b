/** `foreach`: the same steps for every item of a list. */
import * as v from "valibot";
import type { JsonValue } from "../../base/json_value.ts";
import {
  anyType,
  listOf,
  numberType,
  recordOf,
  textType,
  type Type,
} from "../../expression/type.ts";
import { amount, anything, countFromOne, described, identifier } from "../fields.ts";
import { type InnerEnd, isGood } from "../engine/failure.ts";
import type { StepOutcome } from "../step_events.ts";
import { defineStep, ok } from "../step_kind.ts";
import { overBudget } from "../pod_fields.ts";
import { parseAmount } from "../../exec/schedule.ts";

/** Maximum number of failed rounds that a line names. */
const roundsShown = 5;

/** Returns an item as a line names it. */
function itemText(item: JsonValue): string {
  const text = nameOf(item);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Returns an item as `byItem` names it. */
function nameOf(item: JsonValue): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}

function recordOfNames(names: readonly string[]): Type {
  return { kind: "record", fields: Object.fromEntries(names.map((name) => [name, anyType])) };
}

/** One round that has ended. */
interface Round {
  item: JsonValue;
  outcome: StepOutcome;
  /** The outputs by name; null if the round failed. */
  outputs: Readonly<Record<string, JsonValue>>;
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
    fanout: v.optional(described(
      countFromOne,
      "The number of items at the same time; 1 by default. After too many failures, items that have started are finished.",
    )),
    outputs: v.optional(described(
      v.record(identifier, v.string("a text with an expression"), "outputs, by name"),
      "The results of each round, by name: expressions that know the steps of the round.",
    )),
    steps: described(
      v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("at least one step")),
      "The steps.",
    ),
  },
  inner: { steps: ["steps"] },
  fixed: ["as", "steps"],
  spelled: ["foreach"],
  late: ["outputs"],
  outputOf: ({ outputs = {} }) => {
    const own = recordOfNames(Object.keys(outputs));
    return {
      items: listOf({ kind: "record", fields: { item: anyType, outcome: textType, outputs: own } }),
      byItem: recordOf(own),
    };
  },
  innerNames: ({ as = "item" }) => ({ [as]: anyType, index: numberType }),
  output: {
    items: listOf({
      kind: "record",
      fields: { item: anyType, outcome: textType, outputs: recordOf(anyType) },
    }),
    byItem: recordOf(recordOf(anyType)),
  },
  example: `
permissions: { run: [echo] }
steps:
  - id: each
    foreach: [a, b]
    as: letter
    maxFail: 1
    steps:
      - id: said
        shell: [echo, "\${{ letter }}", "\${{ index }}"]
    outputs:
      line: \${{ steps.said.stdout }}
  - foreach: [1, 2, 3, 4]
    fanout: 2
    steps:
      - wait: 10ms
outputs:
  rounds: \${{ size(steps.each.items) }}
  second: \${{ steps.each.byItem.b.line }}
`,
  plan: ({ foreach }) => ({
    does: `for each of ${Array.isArray(foreach) ? `${foreach.length} items` : foreach}`,
    where: "nowhere",
    effect: "reads",
  }),
  run: async ({ foreach: items, as = "item", maxFail = 0, fanout = 1, outputs }, step) => {
    const budget = parseAmount(String(maxFail));
    const rounds: Round[] = [];
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
        const end = await step.inner("steps", { names, round, ...(outputs && { outputs }) });
        const { outcome } = end;
        const none = Object.fromEntries(Object.keys(outputs ?? {}).map((name) => [name, null]));
        rounds[index] = { item, outcome, outputs: { ...none, ...end.outputs } };
        if (isGood(outcome)) continue;
        const isOver = overBudget(++bad, items.length, budget) || outcome.kind === "cancelled";
        if (isOver) stopper ??= end;
      }
    };
    const atOnce = Math.min(fanout, items.length);
    await Promise.all(Array.from({ length: atOnce }, takeTurns));
    const output = {
      items: rounds.map((round) => ({ ...round, outcome: round.outcome.kind })),
      byItem: Object.fromEntries(rounds.map(({ item, outputs }) => [nameOf(item), outputs])),
    };
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
