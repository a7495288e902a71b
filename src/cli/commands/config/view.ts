import { tableLines } from "../../../terminal/table.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";
import { originText, settingData, settingValueText } from "./setting_text.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama config view`. */
export const command = defineCommand({
  description: "Prints every setting that has a value, and its source.",
  flags: {
    output: value("output format: data instead of a table", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "Print the effective settings", line: "kodama config view" },
    { title: "As JSON, for a script", line: "kodama config view -o json" },
  ],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { viewConfig } = await import("../../../actions/config/config.ts");
    const settings = await viewConfig(await host());
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(settings.map(settingData), format));
      return success;
    }
    const rows = settings.map((one) => [
      one.key,
      settingValueText(one.value),
      originText(one.origin),
    ]);
    const lines = tableLines(["KEY", "VALUE", "FROM"], rows);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});
