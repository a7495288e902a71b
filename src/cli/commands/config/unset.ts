import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { changeText } from "./setting_text.ts";

/** `kodama config unset`. */
export const command = defineCommand({
  description:
    "Removes a setting, or a group of settings, from your config.yaml. Its default applies again.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: [{ title: "Return to the default", line: "kodama config unset exec.fanout" }],
  seeAlso: ["kodama config view --help prints the effective settings."],
  resolve: ({ operands: [key = ""] }) => ({ key }),
  async run({ key }, { host, terminal }) {
    const { unsetConfig } = await import("../../../actions/config/config.ts");
    await terminal.stderr.write(changeText(await unsetConfig(await host(), key)));
    return success;
  },
});
