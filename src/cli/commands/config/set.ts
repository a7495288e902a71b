import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { changeText } from "./setting_text.ts";

/** `kodama config set`. */
export const command = defineCommand({
  description:
    "Changes a setting in your config.yaml, which is created if it doesn't exist. Comments in the " +
    "file are retained. A value that the schema doesn't allow is refused.",
  operands: [
    { name: "KEY", arity: "one", completion: { kind: "configKeys" } },
    { name: "VALUE", arity: "one", completion: { kind: "configValues" } },
  ],
  flags: {},
  examples: [
    { title: "Use fewer pods at the same time", line: "kodama config set exec.fanout 8" },
    {
      title: "Set a list",
      line: 'kodama config set sync.excludePatterns \'["*.log", "dist/"]\'',
    },
  ],
  seeAlso: ["kodama config schema prints all settings."],
  resolve: ({ operands: [key = "", value = ""] }) => ({ key, value }),
  async run({ key, value }, { host, terminal }) {
    const { setConfig } = await import("../../../actions/config/config.ts");
    await terminal.stderr.write(changeText(await setConfig(await host(), key, value)));
    return success;
  },
});
