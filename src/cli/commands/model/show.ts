import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama model show`. */
export const command = defineCommand({
  description:
    "Shows how models are reached: the order in which they are asked, the server, and where the key is. Without " +
    "a name, those that you have chosen. The key itself is never printed, and nothing is sent to a provider.",
  operands: [{ name: "MODEL", arity: "any", completion: { kind: "models" } }],
  flags: {
    output: value("print data instead of text", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Show the chosen models", line: "kodama model show" },
    { title: "Show another one", line: "kodama model show ollama/llama3.2" },
  ],
  seeAlso: ["kodama model list --help lists the models."],
  resolve: ({ flags, operands }) => ({ models: operands, format: flags.output }),
  async run({ models, format }, { host, terminal }) {
    const { showModels } = await import("../../../actions/model/setup.ts");
    const { modelData, modelLines } = await import("../../../present/model_text.ts");
    const shown = await showModels(await host(), models);
    const text = format === undefined
      ? shown.flatMap(modelLines).map((line) => `${line}\n`).join("")
      : await renderData(shown.map(modelData), format);
    await terminal.stdout.write(text);
    return success;
  },
});
