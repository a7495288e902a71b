/** The options of actions that ask a language model, and what front ends read of its answer. */
import { type Given, textField, toggleField } from "../../operation/field.ts";

export type { AnswerEvent as ModelAnswerEvent } from "../../model/fallback.ts";

/** The options of all of them. */
export const modelOptions = {
  model: textField("language model to ask, and no other one (default model.name)", {
    ...{ placeholder: "NAME", lookup: "models" },
  }),
};

/** Their values. */
export type ModelOptionValues = Given<typeof modelOptions>;

/** The options of a question that the user asks a model. */
export const askOptions = {
  ...modelOptions,
  freezeMemory: toggleField("use the memory of the context, and don't change it"),
};

/** Their values. */
export type AskOptionValues = Given<typeof askOptions>;
