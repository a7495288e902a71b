import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama instructions clear`. */
export const command = defineCommand({
  description: "Removes your instructions for models.",
  flags: {},
  examples: [{ title: "Remove them", line: "kodama instructions clear" }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { writeInstructions } = await import("../../../actions/ask/memory.ts");
    await writeInstructions(await host(), "");
    await terminal.stderr.write("there are no instructions\n");
    return success;
  },
});
