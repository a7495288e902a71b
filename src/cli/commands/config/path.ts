import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama config path`. */
export const command = defineCommand({
  description:
    "Prints the path of your own config.yaml, whether it exists or not. $KODAMA_CONFIG_DIR moves it.",
  flags: {},
  examples: [{ title: "Open it", line: '"$EDITOR" "$(kodama config path)"' }],
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { places } = await host();
    await terminal.stdout.write(`${places.configDir}/config.yaml\n`);
    return success;
  },
});
