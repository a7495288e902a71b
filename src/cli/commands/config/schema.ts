import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { jsonDocument } from "../../../present/json.ts";

/** `kodama config schema`. */
export const command = defineCommand({
  description:
    "Prints the JSON Schema of config.yaml and .kodama.yaml, for editors and as a reference of all " +
    "settings.",
  flags: {},
  examples: [
    { title: "For an editor", line: "kodama config schema > kodama-config.schema.json" },
  ],
  resolve: () => ({}),
  async run(_options, { terminal }) {
    const { configSchema } = await import("../../../actions/config/config.ts");
    await terminal.stdout.write(jsonDocument(await configSchema()));
    return success;
  },
});
