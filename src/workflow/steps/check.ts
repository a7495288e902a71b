/** `check`: what must be true for the workflow to continue. */
import * as v from "valibot";
import { described, text } from "../fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";

/** The kind `check`. */
export const checkStep = defineStep({
  name: "check",
  summary: "Fails unless an expression is true, of more than the empty outputs of skipped steps.",
  entries: {
    check: described(v.boolean("true or false"), "The expression."),
    message: v.optional(described(text, "The error message if the expression is false.")),
  },
  output: {},
  judges: true,
  conditions: ["check"],
  example: `
params: { limit: 3 }
steps:
  - check: \${{ params.limit > 2 }}
    message: the limit is \${{ params.limit }}
`,
  plan: ({ check }) => ({ does: `check ${check}`, where: "nowhere", effect: "reads" }),
  run: ({ check, message }) => Promise.resolve(check ? ok() : failed(message ?? "it isn't true")),
});
