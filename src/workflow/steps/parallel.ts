/** `parallel`: steps at the same time. */
import * as v from "valibot";
import { anything, described } from "../fields.ts";
import { defineStep, ok } from "../step_kind.ts";

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
  inner: ["parallel"],
  fixed: ["parallel"],
  innerStay: true,
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
    const ends = await step.innerAtOnce("parallel");
    const bad = ends.find(({ outcome }) => outcome.kind !== "ok");
    return bad === undefined ? ok() : { outcome: bad.outcome, output: {} };
  },
});
