/** `pick`: values that a person chooses of those that a run has found. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import { isRecord, type JsonValue } from "../../base/json_value.ts";
import { anyType, listOf } from "../../expression/type.ts";
import { anything, described, text } from "../fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";
import type { StepContext } from "../engine/step_context.ts";

/** Returns how a value is shown, and named by an answer. */
function labelOf(value: JsonValue): string {
  if (typeof value === "string") return value;
  return isRecord(value) && typeof value.name === "string" ? value.name : JSON.stringify(value);
}

/** The error of a question that no one can be asked, with the parameter that answers it. */
export function unanswered(step: StepContext, field: "answer" | "default"): KodamaError {
  const [param] = step.paramsIn("answer");
  return new KodamaError("usage", "no terminal is available to ask on", {
    hint: param === undefined
      ? `\`${field}\` in the step answers it, as in \`answer: \${{ params.NAME }}\``
      : `the parameter ${param} answers it`,
  });
}

/** The kind `pick`. */
export const pickStep = defineStep({
  name: "pick",
  summary:
    "Asks which of some values to use, which may come from earlier steps. Without a terminal, `answer` is needed.",
  entries: {
    pick: described(text, "The question."),
    from: described(
      v.array(anything, "a list of values"),
      "The values: texts, or records, which are shown by their `name`. If there are none, the step is skipped.",
    ),
    many: v.optional(
      described(v.boolean("true or false"), "Whether several may be picked; one by default."),
    ),
    answer: v.optional(described(
      v.union([v.string("a text"), v.array(anything, "a list of values")], "a text or a list"),
      "The answer, by a parameter: the question isn't asked unless it is empty.",
    )),
  },
  spelled: ["from", "answer"],
  output: { values: listOf(anyType), value: anyType },
  example: `
select: { namespace: weka-operator-system, match: drive }
params: { pods: { type: list, default: [weka-drive-0] } }
steps:
  - id: all
    exec: [hostname]
  - id: chosen
    pick: Which pods?
    from: \${{ steps.all.ok }}
    many: true
    answer: \${{ params.pods }}
  - exec: [weka, version]
    targets: \${{ steps.chosen.values }}
`,
  plan: ({ pick }) => ({ does: `ask: ${pick}`, where: "nowhere", effect: "reads" }),
  run: async ({ pick, from, many = false, answer = [] }, step) => {
    const values = from as readonly JsonValue[];
    if (values.length === 0) {
      return { outcome: { kind: "skipped", reason: "nothing to pick from" }, output: {} };
    }
    const labels = values.map(labelOf);
    const given = [answer].flat().filter((one) => one !== "").map((one) =>
      labelOf(one as JsonValue)
    );
    if (given.length > 1 && !many) {
      return failed(`one value can be picked, and ${given.length} are given`);
    }
    const unknown = given.find((one) => !labels.includes(one));
    if (unknown !== undefined) {
      return failed(`${JSON.stringify(unknown)} isn't among the ${labels.length} values`);
    }
    const picked = given.length > 0
      ? values.filter((_value, index) => given.includes(labels[index] ?? ""))
      : await asked(step, { text: pick, values, labels, many });
    if (picked.length === 0) {
      return { outcome: { kind: "refused", reason: "nothing was picked" }, output: {} };
    }
    step.line(`picked ${picked.map(labelOf).join(", ")}`, "stderr");
    return ok({ values: picked, value: picked[0] ?? null });
  },
});

async function asked(
  step: StepContext,
  { text, values, labels, many }: {
    text: string;
    values: readonly JsonValue[];
    labels: readonly string[];
    many: boolean;
  },
): Promise<JsonValue[]> {
  const answer = await step.ask({
    text,
    choices: labels,
    secret: false,
    free: false,
    indexed: many ? "many" : "one",
  });
  if (answer === undefined) throw unanswered(step, "answer");
  const indexes = answer === "" ? [] : answer.split(",").map(Number);
  return indexes.flatMap((index) => values[index] ?? []);
}
