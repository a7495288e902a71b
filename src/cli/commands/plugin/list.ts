import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama plugin list`. */
export const command = defineCommand({
  description:
    "Lists the plugins of your configuration, and whether each can be used: its file is a plugin, and it is granted " +
    "the permissions that it needs. No plugin is run.",
  flags: {
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "List the plugins", line: "kodama plugin list" },
    { title: "As JSON, for a script", line: "kodama plugin list -o json" },
  ],
  seeAlso: ["docs/plugins.md shows how to write and configure one."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listPlugins } = await import("../../../actions/plugin/plugins.ts");
    const { pluginData, pluginsTable } = await import("../../../present/plugin_text.ts");
    const plugins = await listPlugins(await host());
    const text = format === undefined && plugins.length === 0
      ? ""
      : format === undefined
      ? pluginsTable(plugins).map((line) => `${line}\n`).join("")
      : await renderData(plugins.map(pluginData), format);
    await terminal.stdout.write(text);
    if (plugins.length === 0 && format === undefined) {
      await terminal.stderr.write("no plugins are configured; docs/plugins.md shows how\n");
    }
    return success;
  },
});
