import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, count, value, valueOr } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama runs list`. */
export const command = defineCommand({
  description:
    "Lists past runs, the newest first: of exec, run, cp and rerun. A run is recorded for thirty days, and five " +
    "hundred of them at most.",
  flags: {
    limit: valueOr("largest number of runs to list", count, "20", { placeholder: "N" }),
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "List the last runs", line: "kodama runs list" },
    { title: "As JSON, for a script", line: "kodama runs list --limit 100 -o json" },
  ],
  seeAlso: ["kodama runs show --help shows one of them."],
  resolve: ({ flags }) => ({ limit: flags.limit, format: flags.output }),
  async run({ limit, format }, { host, terminal }) {
    const { listRuns } = await import("../../../actions/runs/past_runs.ts");
    const { runData, runsTable, workflowRunData } = await import("../../../present/past_runs.ts");
    const opened = await host();
    const { runs, total } = await listRuns(opened, limit);
    if (format !== undefined) {
      const data = runs.map((listed) =>
        listed.kind === "run"
          ? runData(listed.run)
          : listed.kind === "workflow"
          ? workflowRunData(listed.run)
          : { id: listed.id, unreadable: listed.error.message }
      );
      await terminal.stdout.write(await renderData(data, format));
      return success;
    }
    if (runs.length === 0) {
      await terminal.stderr.write("no runs are recorded\n");
      return success;
    }
    const lines = runsTable(runs, opened.clock.now());
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    if (runs.length < total) {
      await terminal.stdout.flush();
      await terminal.stderr.write(`showing ${runs.length} of ${total}; --limit N shows more\n`);
    }
    return success;
  },
});
