import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { jsonDocument } from "../../../present/json.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** Phases in which the sync isn't blocked. */
const good = new Set(["watching", "syncing", "scanning", "connecting"]);

/** `kodama sync status`. */
export const command = defineCommand({
  description:
    "Shows the state of a sync: its phase, what it is waiting for, the files it doesn't sync and why, " +
    "and its last changes. The name may be omitted if there is only one sync.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "Show the only sync", line: "kodama sync status" },
    { title: "Show one of several, as JSON", line: "kodama sync status default.web-0 -o json" },
  ],
  exitCodes: [["0", "it is running"], ["1", "it is stopped, paused, halted or waiting"]],
  seeAlso: ["kodama sync conflicts --help", "kodama sync flush --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSync } = await import("../../../actions/sync/syncs.ts");
    const { syncData, syncLines } = await import("../../../present/sync_text.ts");
    const opened = await host();
    const report = await findSync(opened, name);
    const text = format === "json" ? jsonDocument(syncData(report)) : syncLines(report, {
      nowMs: opened.clock.now().getTime(),
      listConflicts: (key) => `kodama sync conflicts ${key}`,
    }).map((line) => `${line}\n`).join("");
    await terminal.stdout.write(text);
    return good.has(report.state.phase) ? success : failure;
  },
});
