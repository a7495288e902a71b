import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama workflow graph`. */
export const command = defineCommand({
  description:
    "Draws a workflow as a flow chart, in the language of Mermaid, which code hosts show in pages and reviews.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  flags: {},
  examples: [{ title: "For a page", line: "kodama workflow graph kwekash > kwekash.mmd" }],
  resolve: ({ operands: [workflow = ""] }) => ({ workflow }),
  async run({ workflow: wanted }, { host, terminal }) {
    const { mermaidOf, readWorkflow } = await import("../../../actions/workflow/files.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { workflow } = await readWorkflow(await host(), wanted);
    await terminal.stdout.write(`${printable(mermaidOf(workflow))}`);
    return success;
  },
});
