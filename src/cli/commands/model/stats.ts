import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama model stats`. */
export const command = defineCommand({
  description:
    "Prints what requests to models cost on this machine in the last thirty days: requests, failures, tokens, the " +
    "median times to the first part of an answer and to its end, and US dollars if model.prices has the price. " +
    "Prompts and answers aren't stored.",
  flags: {
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Print the sums", line: "kodama model stats" },
    { title: "As JSON, for a script", line: "kodama model stats -o json" },
  ],
  seeAlso: ["docs/models.md has how prices are set.", "kodama model test --help measures models."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { readModelStats } = await import("../../../actions/model/call_log.ts");
    const { statsTable } = await import("../../../present/model_text.ts");
    const stats = await readModelStats(await host());
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(stats, format));
      return success;
    }
    if (stats.length === 0) {
      await terminal.stderr.write("no model was asked in the last thirty days\n");
      return success;
    }
    await terminal.stdout.write(statsTable(stats).map((line) => `${line}\n`).join(""));
    return success;
  },
});
