/** The options of every action that asks a language model. */
import { type OptionValues, textOption } from "../option.ts";

export const modelOptions = {
  model: textOption("language model to ask, and no other one (default model.name)"),
};

/** Their values. */
export type ModelOptionValues = OptionValues<typeof modelOptions>;
