import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { jsonDocument } from "../../output.ts";
import { syncOperand, syncOutput } from "./sync_text.ts";

/** `kodama sync conflicts`. */
export const command = defineCommand({
  description:
    "Lists the files that conflicts have kept: where both sides changed a file, this machine's version keeps " +
    "the name, and the pod's stays beside it. Whoever has merged them removes the copy, and it is gone from " +
    "this list.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "What is there to merge?", line: "kodama sync conflicts" },
    { title: "For a script", line: "kodama sync conflicts default.web-0 -o json" },
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
