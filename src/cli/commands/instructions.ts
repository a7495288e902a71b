/** `kodama instructions`. */
import { printable } from "../../terminal/printable.ts";
import { success } from "../exit_codes.ts";
import { defineCommand } from "../parser/command.ts";

/** `kodama instructions show`. */
const show = defineCommand({
  description: "Prints your instructions for models.",
  flags: {},
  examples: { "Print them": "kodama instructions show" },
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { readInstructions } = await import("../../actions/ask/memory.ts");
    const text = await readInstructions(await host());
    if (text === "") await terminal.stderr.write("there are no instructions\n");
    else await terminal.stdout.write(`${printable(text)}\n`);
    return success;
  },
});

/** `kodama instructions set`. */
const set = defineCommand({
  description:
    "Replaces your instructions, which models get with every question: at most 4,000 characters.",
  operands: [{ name: "TEXT", arity: "one" }],
  flags: {},
  examples: { "Say how answers should be": 'kodama instructions set "Answer in one sentence."' },
  seeAlso: ["kodama ask --help asks a model."],
  resolve: ({ operands: [text = ""] }) => ({ text }),
  async run({ text }, { host, terminal }) {
    const { writeInstructions } = await import("../../actions/ask/memory.ts");
    await writeInstructions(await host(), text);
    await terminal.stderr.write("the instructions are stored\n");
    return success;
  },
});

/** `kodama instructions clear`. */
const clear = defineCommand({
  description: "Removes your instructions for models.",
  flags: {},
  examples: { "Remove them": "kodama instructions clear" },
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { writeInstructions } = await import("../../actions/ask/memory.ts");
    await writeInstructions(await host(), "");
    await terminal.stderr.write("there are no instructions\n");
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { show, set, clear };
