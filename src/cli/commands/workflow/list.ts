import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";
import { nearPath } from "./near_path.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama workflow list`. */
export const command = defineCommand({
  description:
    "Lists the workflows that can be run from here: those in workflows/ and .kodama/workflows/ of the " +
    "current directory and the folders above it, your own, and those shipped with kodama. If several " +
    "have the same name, the first of these is used.",
  flags: {
    output: value("output format: data instead of a table", formats.parse, {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "List the workflows", line: "kodama workflow list" },
    { title: "As JSON, for a script", line: "kodama workflow list -o json" },
  ],
  seeAlso: ["kodama workflow show --help shows a workflow."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listWorkflows } = await import("../../../actions/workflow/files.ts");
    const { tableLines } = await import("../../../terminal/table.ts");
    const opened = await host();
    const { workingDir, shippedWorkflowsDir } = opened.places;
    const listed = await listWorkflows(opened);
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(listed, format));
      return success;
    }
    const rows = listed.map(({ name, description, params, errors, path }) => [
      name,
      errors > 0
        ? `${errors} ${errors === 1 ? "error" : "errors"}: kodama workflow check ${name}`
        : description ?? "",
      params.join(" "),
      path.startsWith(`${shippedWorkflowsDir}/`) ? "built in" : nearPath(path, workingDir),
    ]);
    if (rows.length === 0) await terminal.stderr.write("no workflow found\n");
    else {
      const lines = tableLines(["WORKFLOW", "DESCRIPTION", "PARAMS", "FILE"], rows);
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    }
    return success;
  },
});
