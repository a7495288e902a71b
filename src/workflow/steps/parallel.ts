/** `parallel`: steps at the same time. */
import * as v from "valibot";
import { anything, described } from "../fields.ts";
import { together } from "../engine/failure.ts";
import { defineStep } from "../step_kind.ts";

/** The kind `parallel`. */
export const parallelStep = defineStep({
  name: "parallel",
  summary:
    "Runs steps at the same time. It ends when all of them have ended, and fails if one of them failed.",
  entries: {
    parallel: described(
      v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("at least one step")),
      "The steps.",
    ),
  },
  inner: { parallel: ["parallel"] },
  fixed: ["parallel"],
  innerStay: true,
  atOnce: true,
  output: {},
  example: `
steps:
  - parallel:
      - wait: 10ms
      - wait: 20ms
`,
  plan: ({ parallel }) => ({
    does: `${parallel.length} steps at the same time`,
    where: "nowhere",
    effect: "reads",
  }),
  run: async (_fields, step) => {
    const { outcome, failure } = together(await step.innerAtOnce("parallel"));
    return { outcome, output: {}, ...(failure && { failure }) };
  },
});
