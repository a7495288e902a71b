/** `kodama template`. */
import { printable } from "../../../terminal/printable.ts";
import { tableLines } from "../../../terminal/table.ts";
import { success } from "../../exit_codes.ts";
import { documentFlag, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";

const list = defineCommand({
  description:
    "Lists the templates for `kodama start --template`: settings files in .kodama/templates/ of the " +
    "repository and in templates/ of kodama's configuration folder, and those that come with kodama. " +
    "Of templates with one name, the first of these is used.",
  flags: { output: documentFlag("output format: data instead of a table") },
  examples: { "List all templates": "kodama template list" },
  seeAlso: ["kodama template show --help prints a template."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listTemplates } = await import("../../../actions/session/templates.ts");
    const templates = await listTemplates(await host());
    const rows = templates.map(({ name, summary, path }) => [name, summary, path]);
    return await writeList(terminal, templates, {
      format,
      table: () => tableLines(["NAME", "SUMMARY", "FILE"], rows),
      empty: "there are no templates",
    });
  },
});

/** `kodama template show`. */
const show = defineCommand({
  description: "Prints a template: the settings that a session is created with.",
  operands: [{ name: "NAME", arity: "one", completion: { kind: "templates" } }],
  flags: {},
  examples: { "Print a template": "kodama template show big" },
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

/** The commands of this file, by name. */
export const commands = { list, show };
