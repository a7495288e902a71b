import { defineCommand } from "../../parser/command.ts";
import { entriesText } from "../../../present/sync_text.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** `kodama sync flush`. */
export const command = defineCommand({
  description:
    "Scans both sides now, and waits until everything that was saved before is on both of them.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "Before a build in the pod", line: "kodama sync flush" },
    { title: "One of several", line: "kodama sync flush default.web-0" },
  ],
  exitCodes: [
    ["1", "it is not running, is halted, or some changes couldn't be transferred"],
    ["3", "its process doesn't respond; the pod may be unreachable"],
  ],
  seeAlso: ["kodama sync status --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, invocation) {
    const { requestAndPrint: askAndTell } = await import("./request.ts");
    return await askAndTell({
      name,
      format,
      request: { kind: "flush" },
      line: ({ spec, state }) =>
        `${spec.key}: ${entriesText(state.entries.local)} here, ${state.entries.remote} in the pod`,
    }, invocation);
  },
});
