import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderValue } from "../../output.ts";
import { contextFlags } from "../../parser/context_flags.ts";
import { printable } from "../../../terminal/printable.ts";

const formats = choice(["json", "yaml"]);

/** `kodama memory show`. */
export const command = defineCommand({
  description: "Prints what models have noted about a context. They get it with every question.",
  flags: {
    ...contextFlags,
    output: value("print data instead of text", formats.parse, { short: "o", ...formats }),
  },
  examples: [{ title: "Print the notes about the current context", line: "kodama memory show" }],
  seeAlso: ["kodama ask --help asks a model."],
  resolve: ({ flags }) => ({
    context: flags.context,
    kubeconfig: flags.kubeconfig,
    format: flags.output,
  }),
  async run({ context, kubeconfig, format }, { host, terminal }) {
    const { readMemory } = await import("../../../actions/ask/memory.ts");
    const memory = await readMemory(await host({ kubeconfig }), context);
    if (format !== undefined) {
      await terminal.stdout.write(await renderValue(memory, format));
      return success;
    }
    if (memory.text !== "") await terminal.stdout.write(`${printable(memory.text)}\n`);
    const notes = [
      ...(memory.text === "" ? [`nothing is noted about context ${memory.context}`] : []),
      ...(memory.enabled ? [] : ["memory is disabled: kodama memory enable"]),
    ];
    await terminal.stderr.write(notes.map((note) => `${printable(note)}\n`).join(""));
    return success;
  },
});
