import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { jsonDocument } from "../../../present/json.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** `kodama sync stop`. */
export const command = defineCommand({
  description:
    "Stops a sync. The files stay as they are on both sides. The last synced state is stored, so that " +
    "the same kodama sync start continues from it; with --forget it is deleted, and a later sync " +
    "merges both sides as if they were new.",
  operands: [syncOperand],
  flags: {
    forget: toggle("delete the stored state, on this machine and in the pod"),
    ...syncOutput,
  },
  examples: [
    { title: "Stop the only sync", line: "kodama sync stop" },
    { title: "Stop it, and forget its state", line: "kodama sync stop default.web-0 --forget" },
  ],
  seeAlso: ["kodama sync pause --help pauses a sync."],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output, forget: flags.forget }),
  async run({ name, format, forget }, { host, signals, terminal }) {
    const { findSync, stopSync } = await import("../../../actions/sync/syncs.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const opened = await host();
    const { spec: { key }, pid } = await findSync(opened, name);
    await interruptible(signals, (signal) => stopSync(opened, key, { forget, signal }));
    const ended = pid !== null;
    const text = format === "json"
      ? jsonDocument({ key, ended, forgotten: forget })
      : `${printable(key)} ${ended ? "has ended" : "did not run"}${
        forget ? ", and its state is removed" : ""
      }\n`;
    await terminal.stdout.write(text);
    return success;
  },
});
