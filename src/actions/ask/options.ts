/** The options of a question to a language model. */
import { type OptionValues, toggleOption } from "../option.ts";
import { modelOptions } from "../model/options.ts";

export const askOptions = {
  ...modelOptions,
  freezeMemory: toggleOption("use the memory of the context, and don't change it"),
};

/** Their values. */
export type AskOptionValues = OptionValues<typeof askOptions>;
