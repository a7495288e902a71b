/** `prompt`: a question to a person. */
import * as v from "valibot";
import { hasExpression } from "../../expression/template.ts";
import { booleanType, textType } from "../../expression/type.ts";
import { described, text } from "../fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";

/** The kind `prompt`. */
export const promptStep = defineStep({
  name: "prompt",
  summary:
    "Asks a question. The answer no ends the workflow; a run confirmed beforehand answers yes; without a terminal the step fails.",
  entries: {
    prompt: described(text, "The question."),
    choices: v.optional(described(
      v.pipe(v.array(text, "a list of answers"), v.nonEmpty("a list of answers")),
      "The possible answers, instead of yes and no.",
    )),
    default: v.optional(described(text, "The answer if no terminal is available to ask on.")),
  },
  output: { answer: textType, yes: booleanType },
  example: `
steps:
  - prompt: Continue?
  - id: colour
    prompt: Which colour?
    choices: [red, blue]
    default: blue
outputs:
  colour: \${{ steps.colour.answer }}
`,
  check: ({ choices, default: fallback }) =>
    typeof choices === "object" && fallback !== undefined &&
      !choices.includes(fallback) && ![...choices, fallback].some(hasExpression)
      ? [{ at: ["default"], message: `expected one of the choices, ${choices.join(", ")}` }]
      : [],
  plan: ({ prompt }) => ({ does: `ask: ${prompt}`, where: "nowhere", effect: "reads" }),
  run: async ({ prompt, choices, default: fallback }, step) => {
    if (choices === undefined && fallback === undefined) {
      return await step.confirm(prompt)
        ? ok({ answer: "yes", yes: true })
        : { outcome: { kind: "refused", reason: `no to: ${prompt}` }, output: {} };
    }
    const given = await step.ask({
      text: prompt,
      choices: choices ?? [],
      secret: false,
      free: choices === undefined,
    });
    const answer = given ?? fallback;
    if (answer === undefined) {
      return failed("no terminal is available to ask on, and the step has no default");
    }
    if (given === undefined) step.line(`no answer: ${answer}, the default`, "stderr");
    return ok({ answer, yes: answer === "yes" });
  },
});
