import { defineCommand } from "../../command.ts";
import { success } from "../../exit_codes.ts";
import { choice, count, value, valueOr } from "../../flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama runs list`. */
export const command = defineCommand({
  description:
    "Lists past runs, the newest first: of exec, run, cp and rerun. A run is kept for thirty days, and five " +
    "hundred of them at most; what the commands wrote isn't kept.",
  flags: {
    limit: valueOr("so many runs at most", count, "20", { placeholder: "N" }),
    output: value("print data in place of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "The last runs", line: "kodama runs list" },
    { title: "For a script", line: "kodama runs list --limit 100 -o json" },
  ],
  seeAlso: ["kodama runs show --help shows one of them."],
  resolve: ({ flags }) => ({ limit: flags.limit, format: flags.output }),
  async run({ limit, format }, { host, terminal }) {
    const { listRuns } = await import("../../../actions/past_runs.ts");
    const { runData, runsTable } = await import("../../past_runs_text.ts");
    const { workflowRunData } = await import("../../past_workflow_text.ts");
    const opened = await host();
    const runs = await listRuns(opened, limit);
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
    if (runs.length === 0) await terminal.stderr.write("no run is kept\n");
    else {await terminal.stdout.write(
        runsTable(runs, opened.clock.now()).map((line) => `${line}\n`).join(""),
      );}
    return success;
  },
});
