import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../output.ts";

const formats = choice(["json"]);

/** `kodama workflow show`. */
export const command = defineCommand({
  description:
    "Shows a workflow: what it is for, its parameters, what it may touch, and its steps. What it extends is " +
    "part of it. Which pods it would run in, kodama run --plan says.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {
    output: value("print data", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "One of them", line: "kodama workflow show kwekash" },
    { title: "As data", line: "kodama workflow show kwekash -o json" },
  ],
  seeAlso: ["kodama run --help runs it.", "kodama workflow graph --help draws it."],
  resolve: ({ operands: [workflow = ""], flags }) => ({ workflow, format: flags.output }),
  async run({ workflow: wanted, format }, { host, terminal }) {
    const { readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { workflowLines } = await import("./workflows_table.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { workflow } = await readWorkflow(await host(), wanted);
    const text = format === undefined
      ? workflowLines(workflow).map((line) => `${printable(line)}\n`).join("")
      : jsonDocument(workflow);
    await terminal.stdout.write(text);
    return success;
  },
});
