/** `prompt`: a question to a person. */
import * as v from "valibot";
import { hasExpression } from "../../expression/template.ts";
import { booleanType, textType } from "../../expression/type.ts";
import { described, text } from "../fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";
import { unanswered } from "./pick.ts";

/** The kind `prompt`. */
export const promptStep = defineStep({
  name: "prompt",
  summary:
    "Asks a question. The answer no ends the workflow; a run confirmed beforehand answers yes; without a terminal the step fails unless it has a `default` or an `answer`.",
  entries: {
    prompt: described(text, "The question."),
    choices: v.optional(described(
      v.pipe(v.array(text, "a list of answers"), v.nonEmpty("a list of answers")),
      "The possible answers, instead of yes and no.",
    )),
    free: v.optional(
      described(
        v.boolean("true or false"),
        "Whether any text is an answer, instead of yes and no.",
      ),
    ),
    default: v.optional(described(
      text,
      "The answer if no terminal is available to ask on, or an empty line is entered.",
    )),
    answer: v.optional(described(
      v.string("a text"),
      "The answer, by a parameter: the question isn't asked unless it is empty.",
    )),
  },
  output: { answer: textType, yes: booleanType },
  example: `
params: { name: "" }
steps:
  - prompt: Continue?
  - id: colour
    prompt: Which colour?
    choices: [red, blue]
    default: blue
  - id: name
    prompt: Which name?
    free: true
    default: nameless
    answer: \${{ params.name }}
outputs:
  colour: \${{ steps.colour.answer }}
`,
  check: ({ choices, default: fallback }) =>
    typeof choices === "object" && fallback !== undefined &&
      !choices.includes(fallback) && ![...choices, fallback].some(hasExpression)
      ? [{ at: ["default"], message: `expected one of the choices, ${choices.join(", ")}` }]
      : [],
  plan: ({ prompt }) => ({ does: `ask: ${prompt}`, where: "nowhere", effect: "reads" }),
  run: async ({ prompt, choices, free = false, default: fallback, answer: own = "" }, step) => {
    if (own !== "") {
      return choices === undefined || choices.includes(own)
        ? ok({ answer: own, yes: own === "yes" })
        : failed(`answer: expected one of ${choices.join(", ")}, found ${JSON.stringify(own)}`);
    }
    if (choices === undefined && fallback === undefined && !free) {
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
    const answer = given === undefined || given === "" ? fallback ?? given : given;
    if (answer === undefined) throw unanswered(step, "default");
    if (given === undefined) step.line(`no answer: ${answer}, the default`, "stderr");
    return ok({ answer, yes: answer === "yes" });
  },
});
