import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama memory disable`. */
export const command = defineCommand({
  description: "Models neither get nor change their notes. What is stored remains.",
  flags: {},
  examples: [{ title: "For all contexts", line: "kodama memory disable" }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { enableMemory } = await import("../../../actions/ask/memory.ts");
    await enableMemory(await host(), false);
    await terminal.stderr.write("memory is disabled\n");
    return success;
  },
});
