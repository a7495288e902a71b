import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama config path`. */
export const command = defineCommand({
  description:
    "Prints the path of your config.yaml, even if it doesn't exist. $KODAMA_CONFIG_DIR changes its " +
    "folder.",
  flags: {},
  examples: [{ title: "Open the file in an editor", line: '"$EDITOR" "$(kodama config path)"' }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { places } = await host();
    await terminal.stdout.write(`${places.configDir}/config.yaml\n`);
    return success;
  },
});
