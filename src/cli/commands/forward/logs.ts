import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { setOperand } from "./set_operand.ts";

/** `kodama forward logs`. */
export const command = defineCommand({
  description:
    "Prints the last messages of forwards in the background: replaced pods, broken links, and each connection that " +
    "failed. The name may be omitted if only one set runs.",
  operands: [setOperand],
  flags: {},
  examples: [{ title: "Of the only set", line: "kodama forward logs" }],
  resolve: ({ operands: [name] }) => ({ name }),
  async run({ name }, { host, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { state } = await findSet(await host(), name);
    const lines = state?.lines ?? [];
    await terminal.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
    return success;
  },
});
