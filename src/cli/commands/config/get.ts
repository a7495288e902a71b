import { KodamaError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { settingValueText } from "./setting_text.ts";

/** `kodama config get`. */
export const command = defineCommand({
  description:
    "Prints the effective value of a setting. It comes from an environment variable, the repository's " +
    ".kodama.yaml, your config.yaml or the default, in this order. The key of a group prints each of " +
    "its settings.",
  operands: [{ name: "KEY", arity: "one", completion: { kind: "configKeys" } }],
  flags: {},
  examples: [
    { title: "Print one setting", line: "kodama config get exec.fanout" },
    { title: "Print a group of settings", line: "kodama config get exec" },
  ],
  exitCodes: [["0", "the setting has a value"], ["1", "the setting has no value"], [
    "2",
    "there is no such setting",
  ]],
  seeAlso: ["kodama config view --help prints all settings and their sources."],
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
