import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { jsonDocument } from "../../../present/json.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** `kodama sync conflicts`. */
export const command = defineCommand({
  description:
    "Lists the copies that were stored for conflicts. If both sides changed a file, the local version " +
    "keeps the name, and the pod's version is stored beside it. Merge them and delete the copy to " +
    "resolve the conflict.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "List the conflicts", line: "kodama sync conflicts" },
    { title: "As JSON, for a script", line: "kodama sync conflicts default.web-0 -o json" },
  ],
  seeAlso: ["kodama sync status --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSync } = await import("../../../actions/sync/syncs.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { state: { conflicts } } = await findSync(await host(), name);
    if (format === "json") await terminal.stdout.write(jsonDocument(conflicts));
    else if (conflicts.length === 0) await terminal.stderr.write("there is no conflict\n");
    else await terminal.stdout.write(conflicts.map((path) => `${printable(path)}\n`).join(""));
    return success;
  },
});
