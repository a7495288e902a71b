import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama forward list`. */
export const command = defineCommand({
  description:
    "Lists the forwards in the background: those that run, and those that ran and can be started again.",
  flags: {
    output: value("output format: data instead of a table", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "List them", line: "kodama forward list" },
    { title: "As JSON, for a script", line: "kodama forward list -o json" },
  ],
  seeAlso: ["kodama forward status --help shows what each has carried."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listSets } = await import("../../../actions/forward/background.ts");
    const { setTable } = await import("../../../present/forward_sets.ts");
    const opened = await host();
    const sets = await listSets(opened);
    if (format !== undefined) await terminal.stdout.write(await renderData(sets, format));
    else if (sets.length === 0) {
      await terminal.stderr.write("there are no forwards in the background\n");
    } else {
      const lines = setTable(sets, opened.clock.now().getTime());
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    }
    return success;
  },
});
