import { UsageError } from "../../base/errors.ts";
import { failure, success } from "../exit_codes.ts";
import { defineCommand } from "../parser/command.ts";

/** `kodama lsp`. */
export const command = defineCommand({
  description:
    "Serves an editor's questions about workflow files, by the Language Server Protocol on standard input and output: " +
    "problems while you type, completion and hover of fields and inside expressions, go to definition of steps, " +
    "parameters, scripts and workflows, renaming of steps and parameters. Nothing is run, and no cluster is asked.",
  flags: {},
  examples: { "As the server of an editor": "kodama lsp" },
  exitCodes: [["0", "the editor ended it"], ["1", "the editor went away"]],
  seeAlso: ["docs/editors.md sets up editors.", "kodama workflow schema --help"],
  resolve: () => ({}),
  async run(_options, { terminal, host, serveEditor }) {
    if (terminal.stdin.isTerminal) {
      throw new UsageError("an editor starts this, and talks to it over standard input", {
        hint: "docs/editors.md sets up editors; for people there is: kodama workflow check",
      });
    }
    const { workflowEditor } = await import("../../actions/workflow/editor.ts");
    return await serveEditor(await workflowEditor(await host())) ? success : failure;
  },
});
