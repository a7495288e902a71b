import { KodamaError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { settingValueText } from "./setting_text.ts";

/** `kodama config get`. */
export const command = defineCommand({
  description:
    "Prints the value of a setting that holds here: of a variable, else of the repository's .kodama.yaml, " +
    "else of your own config.yaml, else the default. The key of a group prints each of its settings.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: [
    { title: "One setting", line: "kodama config get exec.fanout" },
    { title: "A group", line: "kodama config get exec" },
  ],
  exitCodes: [["0", "it has a value"], ["1", "it is not set"], ["2", "there is no such key"]],
  seeAlso: ["kodama config view --help shows all of them, and where each comes from."],
  resolve: ({ operands: [key = ""] }) => ({ key }),
  async run({ key }, { host, terminal }) {
    const { getConfig } = await import("../../../actions/config/config.ts");
    const settings = await getConfig(await host(), key);
    const [first, ...others] = settings;
    if (first === undefined) throw new KodamaError("notFound", `${key} is not set`);
    const single = others.length === 0 && first.key === key;
    const lines = single
      ? [settingValueText(first.value)]
      : settings.map((one) => `${one.key}=${settingValueText(one.value)}`);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});
