import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";

/** `kodama template show`. */
export const command = defineCommand({
  description: "Prints a template: the settings that a session is created with.",
  operands: [{ name: "NAME", arity: "one", completion: { kind: "templates" } }],
  flags: {},
  examples: [{ title: "Print a template", line: "kodama template show big" }],
  seeAlso: ["kodama start --help lists what overrides a template."],
  resolve: ({ operands: [name = ""] }) => ({ name }),
  async run({ name }, { host, terminal }) {
    const { findTemplate } = await import("../../../actions/session/templates.ts");
    const { text } = await findTemplate(await host(), name);
    const lines = text.replace(/\n$/, "").split("\n");
    await terminal.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
    return success;
  },
});
