import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama memory enable`. */
export const command = defineCommand({
  description: "Models get their notes about a context again, and may change them.",
  flags: {},
  examples: [{ title: "For all contexts", line: "kodama memory enable" }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { enableMemory } = await import("../../../actions/ask/memory.ts");
    await enableMemory(await host(), true);
    await terminal.stderr.write("memory is enabled\n");
    return success;
  },
});
