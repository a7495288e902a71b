import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { contextFlags } from "../../parser/context_flags.ts";
import { printable } from "../../../terminal/printable.ts";

/** `kodama memory set`. */
export const command = defineCommand({
  description: "Replaces what is noted about a context: at most 2,000 characters.",
  operands: [{ name: "TEXT", arity: "one" }],
  flags: contextFlags,
  examples: [{
    title: "Note something for later questions",
    line: 'kodama memory set "web runs in the namespace shop; db is sts/db in data"',
  }],
  resolve: ({ flags, operands: [text = ""] }) => ({
    text,
    context: flags.context,
    kubeconfig: flags.kubeconfig,
  }),
  async run({ text, context, kubeconfig }, { host, terminal }) {
    const { readMemory, writeMemory } = await import("../../../actions/ask/memory.ts");
    const opened = await host({ kubeconfig });
    const memory = await readMemory(opened, context);
    await writeMemory(opened, memory.context, text);
    await terminal.stderr.write(`noted for context ${printable(memory.context)}\n`);
    return success;
  },
});
