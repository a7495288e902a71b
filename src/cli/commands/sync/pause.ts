import { defineCommand } from "../../parser/command.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** `kodama sync pause`. */
export const command = defineCommand({
  description:
    "Pauses a sync: it disconnects from the pod and changes nothing on either side until kodama sync " +
    "resume, which then transfers the changes made meanwhile.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "Pause the sync while switching branches", line: "kodama sync pause" },
    { title: "One of several", line: "kodama sync pause default.web-0" },
  ],
  seeAlso: ["kodama sync resume --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, invocation) {
    const { requestAndPrint: askAndTell } = await import("./request.ts");
    return await askAndTell({
      name,
      format,
      request: { kind: "pause" },
      line: ({ spec }) => `${spec.key} is paused`,
    }, invocation);
  },
});
