import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama sync list`. */
export const command = defineCommand({
  description:
    "Lists the syncs of this machine: running ones, and stopped ones that can be started again.",
  flags: {
    output: value("output format: data instead of a table", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "List all syncs", line: "kodama sync list" },
    { title: "As JSON, for a script", line: "kodama sync list -o json" },
  ],
  seeAlso: ["kodama sync status --help shows a sync."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listSyncs } = await import("../../../actions/sync/syncs.ts");
    const { syncData, syncTable } = await import("../../../present/sync_text.ts");
    const reports = await listSyncs(await host());
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(reports.map(syncData), format));
    } else if (reports.length === 0) await terminal.stderr.write("there is no sync\n");
    else await terminal.stdout.write(syncTable(reports).map((line) => `${line}\n`).join(""));
    return success;
  },
});
