import { defineCommand } from "../../parser/command.ts";
import { toggle } from "../../parser/flag.ts";
import { syncOperand, syncOutput } from "./request.ts";

/** `kodama sync resume`. */
export const command = defineCommand({
  description:
    "Resumes a sync that is paused, or is waiting for its next attempt. A sync that is halted because " +
    "one side is empty now is resumed with --accept-emptied, which empties the other side too.",
  operands: [syncOperand],
  flags: {
    "accept-emptied": toggle("accept that one side was emptied, and empty the other side too"),
    ...syncOutput,
  },
  examples: [
    { title: "Resume the sync", line: "kodama sync resume" },
    {
      title: "Accept that all files were removed",
      line: "kodama sync resume default.web-0 --accept-emptied",
    },
  ],
  seeAlso: ["kodama sync pause --help"],
  resolve: ({ flags, operands: [name] }) => ({
    name,
    format: flags.output,
    allowEmptied: flags["accept-emptied"],
  }),
  async run({ name, format, allowEmptied }, invocation) {
    const { requestAndPrint: askAndTell } = await import("./request.ts");
    return await askAndTell({
      name,
      format,
      request: { kind: "resume", allowEmptied },
      line: ({ spec }) => `${spec.key} resumed`,
    }, invocation);
  },
});
