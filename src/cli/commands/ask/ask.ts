import { defineCommand } from "../../parser/command.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { flagsOf, givenValues } from "../../parser/option_flag.ts";
import { askOptions } from "../../../actions/model/options.ts";
import { UsageError } from "../../../base/errors.ts";
import { contextFlags } from "../../parser/scope_flags.ts";

/** `kodama ask`. */
export const command = defineCommand({
  description:
    "Answers a question about the cluster, or does a task, with a language model that works with kodama's tools. " +
    "What reads runs at once, and is shown. Anything that changes something asks you first, with the exact command " +
    "and its effect; without a terminal it is refused. Rules decide that, not the model.\n\n" +
    "The model gets the question, its notes about the context (kodama memory), your instructions (kodama " +
    "instructions), and what its tools answer. Values of Secrets, credentials and what looks like a secret are left out.",
  operands: [{ name: "QUESTION", arity: "any" }],
  flags: {
    ...flagsOf(askOptions),
    ...contextFlags,
    "show-metrics": toggle("print tokens, time and cost of the answer"),
    quiet: toggle("print the answer alone", { short: "q" }),
    output: value("print data instead of text", choice(["json", "jsonl"]), { short: "o" }),
  },
  examples: {
    "Ask a question": 'kodama ask "why is web not ready?"',
    "Give a task": 'kodama ask "restart the pods of web one by one"',
    "Ask another model": 'kodama ask --model opus "which pods use most memory?"',
    "As JSON, for a script": 'kodama ask "is anything wrong in shop?" -o json',
  },
  exitCodes: [
    ["0", "the model answered"],
    ["1", "no model answered, or the answer is incomplete"],
    ["2", "the command line is wrong"],
    ["4", "no model could be reached"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: ["kodama model --help chooses models.", "docs/ask.md has what a model may do."],
  resolve({ flags, given, operands }) {
    const question = operands.join(" ").trim();
    if (question === "") {
      throw new UsageError("there is no question", { hint: 'as in: kodama ask "what is wrong?"' });
    }
    return {
      question,
      options: givenValues(askOptions, { flags, given }),
      context: flags.context,
      view: {
        format: flags.output ?? "text" as const,
        quiet: flags.quiet,
        metrics: flags["show-metrics"],
      },
    };
  },
  async run({ question, options, context, view }, invocation) {
    const { runAsk } = await import("./run_ask.ts");
    return await runAsk({ question, options, context, view, reads: false }, invocation);
  },
});
