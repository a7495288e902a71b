import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama model list`. */
export const command = defineCommand({
  description:
    "Lists the language models that you have chosen, in the order in which they are asked, and those that kodama " +
    "knows; and where the key for each is. A provider may have other models, which you name as PROVIDER/NAME. " +
    "Nothing is sent to a provider.",
  flags: {
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "List the models", line: "kodama model list" },
    { title: "As JSON, for a script", line: "kodama model list -o json" },
  ],
  seeAlso: [
    "kodama config set model.name NAME chooses one.",
    "kodama model test --help asks them.",
    "docs/models.md has providers and keys.",
  ],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listModels } = await import("../../../actions/model/setup.ts");
    const { modelData, modelsTable } = await import("../../../present/model_text.ts");
    const models = await listModels(await host());
    const text = format === undefined
      ? modelsTable(models).map((line) => `${line}\n`).join("")
      : await renderData(models.map(modelData), format);
    await terminal.stdout.write(text);
    return success;
  },
});
