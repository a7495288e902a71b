import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama workflow graph`. */
export const command = defineCommand({
  description:
    "Prints a workflow as a flow chart in Mermaid, which code hosts render in pages and reviews.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {},
  examples: [{
    title: "Write a chart into a file",
    line: "kodama workflow graph kwekash > kwekash.mmd",
  }],
  resolve: ({ operands: [workflow = ""] }) => ({ workflow }),
  async run({ workflow: name }, { host, terminal }) {
    const { mermaidOf, readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { workflow } = await readWorkflow(await host(), name);
    await terminal.stdout.write(`${printable(mermaidOf(workflow))}`);
    return success;
  },
});
