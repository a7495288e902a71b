/** `kodama memory`. */
import { printable } from "../../terminal/printable.ts";
import { success } from "../exit_codes.ts";
import { documentFlag, renderValue } from "../output.ts";
import { defineCommand } from "../parser/command.ts";
import { contextFlags } from "../parser/scope_flags.ts";

/** `kodama memory show`. */
const show = defineCommand({
  description: "Prints what models have noted about a context. They get it with every question.",
  flags: { ...contextFlags, output: documentFlag("print data instead of text") },
  examples: { "Print the notes about the current context": "kodama memory show" },
  seeAlso: ["kodama ask --help asks a model."],
  resolve: ({ flags }) => ({ context: flags.context, format: flags.output }),
  async run({ context, format }, { host, terminal }) {
    const { readMemory } = await import("../../actions/ask/memory.ts");
    const memory = await readMemory(await host(), context);
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

/** `kodama memory set`. */
const set = defineCommand({
  description: "Replaces what is noted about a context: at most 2,000 characters.",
  operands: [{ name: "TEXT", arity: "one" }],
  flags: contextFlags,
  examples: {
    "Note something for later questions":
      'kodama memory set "web runs in the namespace shop; db is sts/db in data"',
  },
  resolve: ({ flags, operands: [text = ""] }) => ({ text, context: flags.context }),
  async run({ text, context }, { host, terminal }) {
    const { readMemory, writeMemory } = await import("../../actions/ask/memory.ts");
    const opened = await host();
    const memory = await readMemory(opened, context);
    await writeMemory(opened, memory.context, text);
    await terminal.stderr.write(`noted for context ${printable(memory.context)}\n`);
    return success;
  },
});

/** `kodama memory clear`. */
const clear = defineCommand({
  description: "Removes what models have noted about a context.",
  flags: contextFlags,
  examples: { "Forget the current context": "kodama memory clear" },
  resolve: ({ flags }) => ({ context: flags.context }),
  async run({ context }, { host, terminal }) {
    const { readMemory, writeMemory } = await import("../../actions/ask/memory.ts");
    const opened = await host();
    const memory = await readMemory(opened, context);
    await writeMemory(opened, memory.context, "");
    await terminal.stderr.write(`nothing is noted about context ${printable(memory.context)}\n`);
    return success;
  },
});

/** `kodama memory enable`. */
const enable = defineCommand({
  description: "Models get their notes about a context again, and may change them.",
  flags: {},
  examples: { "For all contexts": "kodama memory enable" },
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { enableMemory } = await import("../../actions/ask/memory.ts");
    await enableMemory(await host(), true);
    await terminal.stderr.write("memory is enabled\n");
    return success;
  },
});

/** `kodama memory disable`. */
const disable = defineCommand({
  description: "Models neither get nor change their notes. What is stored remains.",
  flags: {},
  examples: { "For all contexts": "kodama memory disable" },
  resolve: () => ({}),
  async run(_options, { host, terminal }) {
    const { enableMemory } = await import("../../actions/ask/memory.ts");
    await enableMemory(await host(), false);
    await terminal.stderr.write("memory is disabled\n");
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { show, set, clear, enable, disable };
