/** `kodama plugin`. */
import { UsageError } from "../../../base/errors.ts";
import { success } from "../../exit_codes.ts";
import { dataFlag, documentFlag, renderValue, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, fileValue, text, value, valueOr, values } from "../../parser/flag.ts";
import { contextValue } from "../../parser/scope_flags.ts";

/** `kodama plugin list`. */
const list = defineCommand({
  description:
    "Lists the plugins of your configuration, and whether each can be used: its file is a plugin, and it is granted " +
    "the permissions that it needs. No plugin is run.",
  flags: { output: dataFlag("print data instead of a table") },
  examples: {
    "List the plugins": "kodama plugin list",
    "As JSON, for a script": "kodama plugin list -o json",
  },
  seeAlso: ["docs/plugins.md shows how to write and configure one."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listPlugins } = await import("../../../actions/plugin/plugins.ts");
    const { pluginData, pluginsTable } = await import("../../../present/plugin_text.ts");
    const plugins = await listPlugins(await host());
    return await writeList(terminal, plugins, {
      format,
      data: pluginData,
      table: () => pluginsTable(plugins),
      empty: "no plugins are configured; docs/plugins.md shows how",
    });
  },
});

/** `kodama plugin check`. */
const check = defineCommand({
  description:
    "Checks a plugin's file without running it: that it is a WebAssembly module with the interface of plugins, within " +
    "their limits, and which permissions it needs.",
  operands: [{ name: "FILE", arity: "one", completion: { kind: "files" } }],
  flags: {
    permission: values("permission that the plugin is granted", text, { placeholder: "NAME" }),
    output: documentFlag("print data"),
  },
  examples: {
    "Check a file": "kodama plugin check plugin.wasm",
    "With the permissions that its entry will have":
      "kodama plugin check plugin.wasm --permission k8s:list:pods",
  },
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

/** `kodama plugin test`. */
const test = defineCommand({
  description:
    "Runs a plugin without a screen: opens it in a pane, sends it commands, and prints what it renders after each. A " +
    "command is a JSON value in a line, as plugins get them. The pane's focus and size are the first two.",
  operands: [{ name: "FILE|KEY", arity: "one", completion: { kind: "files" } }],
  flags: {
    commands: fileValue(
      "send the commands of FILE, or - for stdin: a JSON value in each line",
      ({ text: lines }) => lines,
    ),
    size: valueOr("columns and rows of the pane", parseSize, "80x24", { placeholder: "WxH" }),
    permission: values("permission that the plugin is granted, besides those of its entry", text, {
      placeholder: "NAME",
    }),
    context: value("kubeconfig context that its requests use", text, contextValue),
    output: value("print each step as data", choice(["jsonl"]), { short: "o" }),
  },
  examples: {
    "See the first rendering": "kodama plugin test plugin.wasm",
    "Send recorded commands to a small pane":
      "kodama plugin test plugin.wasm --commands - --size 40x10",
    "Let it list pods": "kodama plugin test plugin.wasm --permission k8s:list:pods",
  },
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

/** `kodama plugin new`. */
const create = defineCommand({
  description:
    "Creates the folder NAME with a plugin that can be built and tested at once: its source, the kit of its language, " +
    "and recorded commands.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    language: valueOr(
      "language of the plugin",
      choice(["assemblyscript", "rust", "c"]),
      "assemblyscript",
      { short: "l" },
    ),
  },
  examples: {
    "In AssemblyScript, which is close to TypeScript": "kodama plugin new my-view",
    "In Rust": "kodama plugin new my-view --language rust",
  },
  exitCodes: [["1", "the folder exists"]],
  seeAlso: ["kodama plugin build --help builds it."],
  resolve: ({ flags, operands: [name = ""] }) => ({ name, language: flags.language }),
  async run({ name, language }, { host, terminal }) {
    const { newPlugin } = await import("../../../actions/plugin/projects.ts");
    const paths = await newPlugin(await host(), name, language);
    await terminal.stdout.write(paths.map((path) => `${path}\n`).join(""));
    await terminal.stderr.write(
      `next: kodama plugin build ${name} && ` +
        `kodama plugin test ${name}/plugin.wasm --commands ${name}/commands.jsonl\n`,
    );
    return success;
  },
});

/** `kodama plugin build`. */
const build = defineCommand({
  description:
    "Builds the plugin in FOLDER (default the current one) as plugin.wasm, by the tool of its language: cargo, clang, " +
    "or npx, which runs AssemblyScript's compiler. Then checks the file, as kodama plugin check does.",
  operands: [{ name: "FOLDER", arity: "optional", completion: { kind: "files" } }],
  flags: {},
  examples: {
    "The one in this folder": "kodama plugin build",
    "Another one": "kodama plugin build my-view",
  },
  exitCodes: [["1", "it can't be built, or what was built is not a plugin"]],
  seeAlso: ["kodama plugin new --help creates one."],
  resolve: ({ operands: [folder = "."] }) => ({ folder }),
  async run({ folder }, invocation) {
    const { terminal, signals } = invocation;
    const [{ buildPlugin }, { checkPlugin }, { checkLines }, { interruptible }] = await Promise.all(
      [
        import("../../../actions/plugin/projects.ts"),
        import("../../../actions/plugin/plugins.ts"),
        import("../../../present/plugin_text.ts"),
        import("../../../terminal/driver/signals.ts"),
      ],
    );
    const host = await invocation.host();
    return await interruptible(signals, async (signal) => {
      const { module } = await buildPlugin(host, folder, signal);
      const check = await checkPlugin(host, module, []);
      if (check.kind === "refused") throw check.error;
      const lines = [`file         ${module}`, ...checkLines({ ...check, missing: [] })];
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      return success;
    });
  },
});

/** The commands of this file, by name. */
export const commands = { new: create, build, list, check, test };
