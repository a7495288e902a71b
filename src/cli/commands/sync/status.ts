import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { jsonDocument } from "../../output.ts";
import { syncOperand, syncOutput } from "./sync_text.ts";

/** Phases in which the sync isn't blocked. */
const good = new Set(["watching", "syncing", "scanning", "connecting"]);

/** `kodama sync status`. */
export const command = defineCommand({
  description:
    "Shows how a sync is doing: where it is, what it waits for, what it leaves alone and why, and what it did " +
    "last. Without a name it is the only one there is.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "The only one", line: "kodama sync status" },
    { title: "One of them, for a script", line: "kodama sync status default.web-0 -o json" },
  ],
  exitCodes: [["0", "it runs"], ["1", "it is stopped, paused, halted, or waits for something"]],
  seeAlso: ["kodama sync conflicts --help", "kodama sync flush --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSync } = await import("../../../actions/sync/syncs.ts");
    const { syncData, syncLines } = await import("./sync_text.ts");
    const opened = await host();
    const report = await findSync(opened, name);
    const text = format === "json"
      ? jsonDocument(syncData(report))
      : syncLines(report, opened.clock.now().getTime()).map((line) => `${line}\n`).join("");
    await terminal.stdout.write(text);
    return good.has(report.state.phase) ? success : failure;
  },
});
