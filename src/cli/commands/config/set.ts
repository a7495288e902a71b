import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toldChange } from "./change_text.ts";

/** `kodama config set`. */
export const command = defineCommand({
  description:
    "Writes a setting into your own config.yaml, which is made where there is none. Comments in it stay. " +
    "Nothing is written that the file's schema doesn't allow.",
  operands: [
    { name: "KEY", arity: "one", completion: { kind: "configKeys" } },
    { name: "VALUE", arity: "one", completion: { kind: "configValues" } },
  ],
  flags: {},
  examples: [
    { title: "Fewer pods at the same time", line: "kodama config set exec.fanout 8" },
    {
      title: "A list",
      line: 'kodama config set sync.excludePatterns \'["*.log", "dist/"]\'',
    },
  ],
  seeAlso: ["kodama config schema prints what may be set."],
  resolve: ({ operands: [key = "", value = ""] }) => ({ key, value }),
  async run({ key, value }, { host, terminal }) {
    const { setConfig } = await import("../../../actions/config/config.ts");
    await terminal.stderr.write(toldChange(await setConfig(await host(), key, value)));
    return success;
  },
});
