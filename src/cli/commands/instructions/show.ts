import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { printable } from "../../../terminal/printable.ts";

/** `kodama instructions show`. */
export const command = defineCommand({
  description: "Prints your instructions for models.",
  flags: {},
  examples: [{ title: "Print them", line: "kodama instructions show" }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { readInstructions } = await import("../../../actions/ask/memory.ts");
    const text = await readInstructions(await host());
    if (text === "") await terminal.stderr.write("there are no instructions\n");
    else await terminal.stdout.write(`${printable(text)}\n`);
    return success;
  },
});
