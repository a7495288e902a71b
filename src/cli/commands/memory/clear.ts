import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { contextFlags } from "../../parser/context_flags.ts";
import { printable } from "../../../terminal/printable.ts";

/** `kodama memory clear`. */
export const command = defineCommand({
  description: "Removes what models have noted about a context.",
  flags: contextFlags,
  examples: [{ title: "Forget the current context", line: "kodama memory clear" }],
  resolve: ({ flags }) => ({ context: flags.context, kubeconfig: flags.kubeconfig }),
  async run({ context, kubeconfig }, { host, terminal }) {
    const { readMemory, writeMemory } = await import("../../../actions/ask/memory.ts");
    const opened = await host({ kubeconfig });
    const memory = await readMemory(opened, context);
    await writeMemory(opened, memory.context, "");
    await terminal.stderr.write(`nothing is noted about context ${printable(memory.context)}\n`);
    return success;
  },
});
