import { commandLine } from "../../../base/shell_quote.ts";
import { success } from "../../exit_codes.ts";
import { defineCommand } from "../../parser/command.ts";
import { UsageError } from "../../../base/errors.ts";
import { BadValue, choice, toggle, value } from "../../parser/flag.ts";
import { onlyOf, serverFlags } from "./flags.ts";

const programs = choice(["claude-code", "vscode"]);
const ofServer = { group: "Server" };

/** `kodama mcp install`. */
export const command = defineCommand({
  description:
    "Registers kodama's MCP server with a program that runs agents: claude-code or vscode. It adds an entry to that " +
    "program's own file, and prints which; everything else in the file stays as it is. Without a change nothing is " +
    "written.\n\n" +
    "With --scope user the entry is for all folders of your user. With --scope project it is in the repository of " +
    "the working directory (.mcp.json or .vscode/mcp.json), for everybody who has it.",
  operands: [{ name: "PROGRAM", arity: "one", completion: programs.completion }],
  flags: {
    scope: value(
      "where the entry is: in your own file or in this repository's (default user)",
      choice(["user", "project"]),
    ),
    print: toggle("print the entry, and write nothing"),
    "allow-changes": { ...serverFlags["allow-changes"], ...ofServer },
    "read-only": toggle("start the server in read-only mode", ofServer),
    namespace: { ...serverFlags.namespace, ...ofServer },
    context: { ...serverFlags.context, ...ofServer },
    kubeconfig: { ...serverFlags.kubeconfig, ...ofServer },
  },
  examples: {
    "For Claude Code, in all your folders": "kodama mcp install claude-code",
    "For VS Code, in this repository": "kodama mcp install vscode --scope project",
    "Only show the entry": "kodama mcp install vscode --read-only --print",
  },
  seeAlso: ["kodama mcp --help has what the server offers."],
  resolve({ operands: [name = ""], flags }) {
    if (flags["allow-changes"] && flags["read-only"]) {
      throw new UsageError("--allow-changes and --read-only can't be used together");
    }
    const only = onlyOf(flags);
    const kubeconfig = flags.kubeconfig === undefined ? [] : ["--kubeconfig", flags.kubeconfig];
    return {
      program: programOf(name),
      scope: flags.scope ?? "user",
      isPrinted: flags.print,
      args: [
        ...(flags["allow-changes"] ? ["--allow-changes"] : []),
        ...(flags["read-only"] ? ["--read-only"] : []),
        ...(only === undefined ? [] : ["--namespace", only.namespace]),
        ...(only?.context === undefined ? [] : ["--context", only.context]),
        ...kubeconfig,
      ],
    };
  },
  async run({ program, scope, isPrinted, args }, { host, terminal }) {
    const { printable } = await import("../../../terminal/printable.ts");
    const { installMcp, planMcp, serverName } = await import("../../../actions/mcp/install.ts");
    const opened = await host();
    const plan = await planMcp(opened, { program, scope, args });
    const { path, key, entry, text, before } = plan;
    if (isPrinted) {
      const content = JSON.stringify({ [key]: { [serverName]: entry } }, null, 2);
      await terminal.stdout.write(`${content}\n`);
      await terminal.stderr.write(`nothing is written; the file is ${path}\n`);
      return success;
    }
    await installMcp(opened, plan);
    await terminal.stdout.write(`${path}\n`);
    const line = commandLine([entry.command, ...entry.args]);
    const notes = [
      text === undefined ? `unchanged: ${line}` : `registered: ${line}`,
      ...(before === undefined ? [] : [`before it was: ${printable(before)}`]),
      ...(entry.command === serverName && scope === "user"
        ? ["kodama isn't on your PATH: the program won't find it"]
        : []),
    ];
    await terminal.stderr.write(notes.map((note) => `${note}\n`).join(""));
    return success;
  },
});

function programOf(name: string) {
  try {
    return programs(name);
  } catch (error) {
    throw error instanceof BadValue ? error.of("PROGRAM") : error;
  }
}
