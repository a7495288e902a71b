import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";

const formats = choice(["json"]);

/** `kodama workflow show`. */
export const command = defineCommand({
  description:
    "Shows a workflow: its purpose, its parameters, what it may change, and its steps, including " +
    "those of workflows that it extends. kodama run --plan shows which pods it would run in.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {
    output: value("output format", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Show a workflow", line: "kodama workflow show kwekash" },
    { title: "As JSON", line: "kodama workflow show kwekash -o json" },
  ],
  seeAlso: ["kodama run --help runs a workflow.", "kodama workflow graph --help draws a chart."],
  resolve: ({ operands: [workflow = ""], flags }) => ({ workflow, format: flags.output }),
  async run({ workflow: name, format }, { host, terminal }) {
    const { readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { workflowLines } = await import("../../../present/workflow_text.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { workflow } = await readWorkflow(await host(), name);
    const text = format === undefined
      ? workflowLines(workflow).map((line) => `${printable(line)}\n`).join("")
      : jsonDocument(workflow);
    await terminal.stdout.write(text);
    return success;
  },
});
