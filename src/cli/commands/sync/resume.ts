import { defineCommand } from "../../parser/command.ts";
import { toggle } from "../../parser/flag.ts";
import { syncOperand, syncOutput } from "./sync_text.ts";

/** `kodama sync resume`. */
export const command = defineCommand({
  description:
    "Lets a sync go on that is paused, or waits. One that is halted, because a side has nothing in it any more, " +
    "goes on with --accept-emptied: the other side is emptied then, too.",
  operands: [syncOperand],
  flags: {
    "accept-emptied": toggle("a side that has nothing in it any more is meant to have nothing"),
    ...syncOutput,
  },
  examples: [
    { title: "Go on", line: "kodama sync resume" },
    {
      title: "All files were removed on purpose",
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
    const { askAndTell } = await import("./request.ts");
    return await askAndTell({
      name,
      format,
      request: { kind: "resume", allowEmptied },
      line: ({ spec }) => `${spec.key} resumed`,
    }, invocation);
  },
});
