import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, text, value, values } from "../../parser/flag.ts";
import { renderValue } from "../../output.ts";

const formats = choice(["json", "yaml"]);

/** `kodama plugin check`. */
export const command = defineCommand({
  description:
    "Checks a plugin's file without running it: that it is a WebAssembly module with the interface of plugins, within " +
    "their limits, and which permissions it needs.",
  operands: [{ name: "FILE", arity: "one", completion: { kind: "files" } }],
  flags: {
    permission: values("permission that the plugin is granted", text, { placeholder: "NAME" }),
    output: value("print data", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Check a file", line: "kodama plugin check plugin.wasm" },
    {
      title: "With the permissions that its entry will have",
      line: "kodama plugin check plugin.wasm --permission k8s:list:pods",
    },
  ],
  exitCodes: [["0", "it is a plugin"], ["1", "it is not, or it needs more permissions"]],
  seeAlso: ["kodama plugin test --help runs it."],
  resolve: ({ flags, operands: [path = ""] }) => ({
    path,
    permissions: flags.permission,
    format: flags.output,
  }),
  async run({ path, permissions, format }, { host, terminal }) {
    const { checkPlugin } = await import("../../../actions/plugin/plugins.ts");
    const { checkData, checkLines } = await import("../../../present/plugin_text.ts");
    const check = await checkPlugin(await host(), path, permissions);
    if (check.kind === "refused" && format === undefined) throw check.error;
    const out = format !== undefined || check.kind === "refused"
      ? await renderValue(checkData(check), format ?? "json")
      : checkLines(check).map((line) => `${line}\n`).join("");
    await terminal.stdout.write(out);
    return check.kind === "refused" || check.missing.length > 0 ? 1 : success;
  },
});
