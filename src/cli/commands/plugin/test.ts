import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, fileValue, text, value, valueOr, values } from "../../parser/flag.ts";

const formats = choice(["jsonl"]);

/** `kodama plugin test`. */
export const command = defineCommand({
  description:
    "Runs a plugin without a screen: opens it in a pane, sends it commands, and prints what it renders after each. A " +
    "command is a JSON value in a line, as plugins get them. The pane's focus and size are the first two.",
  operands: [{ name: "FILE|KEY", arity: "one", completion: { kind: "files" } }],
  flags: {
    commands: fileValue(
      "send the commands of FILE, or - for stdin: a JSON value in each line",
      ({ text: lines }) => lines,
      {},
    ),
    size: valueOr("columns and rows of the pane", parseSize, "80x24", { placeholder: "WxH" }),
    permission: values("permission that the plugin is granted, besides those of its entry", text, {
      placeholder: "NAME",
    }),
    context: value("kubeconfig context that its requests use", text, {
      placeholder: "NAME",
      completion: { kind: "contexts" },
    }),
    output: value("print each step as data", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "See the first rendering", line: "kodama plugin test plugin.wasm" },
    {
      title: "Send recorded commands to a small pane",
      line: "kodama plugin test plugin.wasm --commands - --size 40x10",
    },
    {
      title: "Let it list pods",
      line: "kodama plugin test plugin.wasm --permission k8s:list:pods",
    },
  ],
  exitCodes: [["0", "every command was handled"], ["1", "the plugin failed"]],
  seeAlso: ["docs/plugins.md has the commands."],
  resolve: ({ flags, operands: [plugin = ""] }) => ({
    plugin,
    commands: flags.commands,
    size: flags.size,
    permissions: flags.permission,
    context: flags.context,
    format: flags.output,
  }),
  async run({ plugin, commands, size, permissions, context, format }, invocation) {
    const { terminal, signals } = invocation;
    const [{ testPlugin }, { stepLines }, { interruptible }] = await Promise.all([
      import("../../../actions/plugin/plugins.ts"),
      import("../../../present/plugin_text.ts"),
      import("../../../terminal/driver/signals.ts"),
    ]);
    const host = await invocation.host();
    return await interruptible(signals, async (signal) => {
      const options = {
        plugin,
        permissions,
        commands: commands ?? "",
        ...size,
        signal,
        ...(context === undefined ? {} : { context }),
      };
      for await (const step of testPlugin(host, options)) {
        const lines = format === undefined ? stepLines(step, size) : [JSON.stringify(step)];
        await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      }
      return success;
    });
  },
});

/** As `80x24`. */
function parseSize(raw: string): { width: number; height: number } {
  const [, width = "", height = ""] = /^([1-9]\d{0,2})x([1-9]\d{0,2})$/.exec(raw) ?? [];
  if (height === "") throw new UsageError(`"${raw}" is not a size`, { hint: "such as 80x24" });
  return { width: Number(width), height: Number(height) };
}
