/** `foreach`: the same steps for every item of a list. */
import * as v from "valibot";
import type { JsonValue } from "../../base/json_value.ts";
import { anyType, listOf, numberType, textType } from "../../expression/type.ts";
import { amount, anything, described, dynamic, identifier } from "../fields.ts";
import { defineStep, failed, ok } from "./kind.ts";
import { amountOf, overBudget } from "./pod_fields.ts";

/** The kind `foreach`. */
export const foreachStep = defineStep({
  name: "foreach",
  summary:
    "The same steps for every item of a list, one after the other, until more fail than may.",
  entries: {
    foreach: described(
      dynamic(v.array(anything, "a list, or an expression that gives one")),
      "The list, or an expression that gives one.",
    ),
    as: v.optional(described(identifier, "What expressions call the item; `item` by default.")),
    maxFail: v.optional(described(
      dynamic(amount(0)),
      "So many rounds may fail, and the next one begins. None where it isn't said.",
    )),
    steps: described(
      v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("one step at least")),
      "The steps.",
    ),
  },
  inner: ["steps"],
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
outputs:
  rounds: \${{ size(steps.each.items) }}
`,
  plan: ({ foreach }) => ({
    does: `for each of ${Array.isArray(foreach) ? `${foreach.length} items` : foreach}`,
    where: "nowhere",
    effect: "reads",
  }),
  run: async ({ foreach: items, as = "item", maxFail = 0 }, stage) => {
    if (!Array.isArray(items)) return failed("foreach: expected a list");
    const rounds: JsonValue[] = [];
    const budget = amountOf(maxFail as string | number);
    let bad = 0;
    for (const [index, item] of (items as JsonValue[]).entries()) {
      const names = { [as]: item, index };
      const { outcome } = await stage.inner("steps", { names, part: String(index) });
      rounds.push({ item, outcome: outcome.kind });
      if (outcome.kind === "ok") continue;
      const isOver = overBudget(++bad, items.length, budget) || outcome.kind === "cancelled";
      if (isOver) return { outcome, output: { items: rounds } };
    }
    return ok({ items: rounds });
  },
});
