/** The common part of the commands about one running sync: find it, send it a request, print it. */
import type { SyncReport, SyncRequest } from "../../../actions/sync/syncs.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { jsonDocument } from "../../../present/json.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Operand } from "../../parser/command.ts";
import { choice, value } from "../../parser/flag.ts";
import { syncData } from "../../../present/sync_text.ts";

const formats = choice(["json"]);

/** `-o json` of a command about one sync. */
export const syncOutput = {
  output: value("output format", formats.parse, { short: "o", ...formats }),
};

/** The operand that names a sync. */
export const syncOperand: Operand = {
  name: "SYNC",
  arity: "optional",
  completion: { kind: "syncs" },
};

/** Sends a request to the requested sync, and prints a line about it, or all of it as JSON. */
export async function requestAndPrint(
  { name, request, format, line }: {
    name: string | undefined;
    request: SyncRequest;
    format: "json" | undefined;
    line: (report: SyncReport) => string;
  },
  invocation: Invocation,
): Promise<number> {
  const { askSync, findSync } = await import("../../../actions/sync/syncs.ts");
  const host = await invocation.host();
  const found = await findSync(host, name);
  const report = await interruptible(
    invocation.signals,
    (signal) => askSync(host, found.spec.key, request, signal),
  );
  const text = format === "json" ? jsonDocument(syncData(report)) : `${printable(line(report))}\n`;
  await invocation.terminal.stdout.write(text);
  return success;
}
