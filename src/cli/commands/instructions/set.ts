import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama instructions set`. */
export const command = defineCommand({
  description:
    "Replaces your instructions, which models get with every question: at most 4,000 characters.",
  operands: [{ name: "TEXT", arity: "one" }],
  flags: {},
  examples: [{
    title: "Say how answers should be",
    line: 'kodama instructions set "Answer in one sentence."',
  }],
  seeAlso: ["kodama ask --help asks a model."],
  resolve: ({ operands: [text = ""] }) => ({ text }),
  async run({ text }, { host, terminal }) {
    const { writeInstructions } = await import("../../../actions/ask/memory.ts");
    await writeInstructions(await host(), text);
    await terminal.stderr.write("the instructions are stored\n");
    return success;
  },
});
