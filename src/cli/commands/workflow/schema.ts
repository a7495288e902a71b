import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { jsonDocument } from "../../../present/json.ts";

/** `kodama workflow schema`. */
export const command = defineCommand({
  description:
    "Prints the JSON Schema of workflow files. Editors with the YAML language server use it for " +
    "completion and checks if the first line of a file is `# yaml-language-server: $schema=PATH`.",
  flags: {},
  examples: [
    { title: "For an editor", line: "kodama workflow schema > workflow.schema.json" },
  ],
  resolve: () => ({}),
  async run(_options, { terminal }) {
    const { workflowSchema } = await import("../../../actions/workflow/files.ts");
    await terminal.stdout.write(jsonDocument(await workflowSchema()));
    return success;
  },
});
