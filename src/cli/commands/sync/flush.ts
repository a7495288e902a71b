import { defineCommand } from "../../parser/command.ts";
import { entriesText, syncOperand, syncOutput } from "./sync_text.ts";

/** `kodama sync flush`. */
export const command = defineCommand({
  description:
    "Looks through both sides now, and comes back when all that was saved before is on both of them.",
  operands: [syncOperand],
  flags: syncOutput,
  examples: [
    { title: "Before a build in the pod", line: "kodama sync flush" },
    { title: "One of several", line: "kodama sync flush default.web-0" },
  ],
  exitCodes: [
    ["1", "it doesn't run, is halted, or something couldn't be carried over"],
    ["3", "its process doesn't answer: the pod may be away"],
  ],
  seeAlso: ["kodama sync status --help"],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, invocation) {
    const { askAndTell } = await import("./request.ts");
    return await askAndTell({
      name,
      format,
      request: { kind: "flush" },
      line: ({ spec, state }) =>
        `${spec.key}: ${entriesText(state.entries.local)} here, ${state.entries.remote} in the pod`,
    }, invocation);
  },
});
