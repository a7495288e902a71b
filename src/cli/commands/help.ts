import { styleOf } from "../output.ts";
import { unknownCommand } from "../choose.ts";
import { defineCommand } from "../command.ts";
import { success } from "../exit_codes.ts";
import { helpPage, nodeAt } from "../help_page.ts";
import { programOf } from "../program.ts";

/** `kodama help [COMMAND...]`. */
export const command = defineCommand({
  description: "Explains a command, as --help after it does.",
  operands: [{ name: "COMMAND", arity: "any" }],
  flags: {},
  examples: [
    { title: "All commands", line: "kodama help" },
    { title: "One of them", line: "kodama help cluster up" },
  ],
  resolve: ({ operands }) => ({ path: operands }),
  async run({ path }, { program, terminal, environment }) {
    await checkPath(path, program);
    const columns = terminal.stdout.isTerminal ? terminal.size()?.columns : undefined;
    const style = styleOf(terminal.stdout, environment);
    await terminal.stdout.write(await helpPage(path, { program, columns, style }));
    return success;
  },
});

async function checkPath(path: readonly string[], program = programOf("kodama")): Promise<void> {
  for (const [at, word] of path.entries()) {
    const parent = path.slice(0, at);
    const node = nodeAt(parent);
    if (nodeAt([...parent, word]) !== undefined) continue;
    const names = node?.kind === "branch" ? Object.keys(node.commands) : [];
    throw await unknownCommand(word, parent, names, program);
  }
}
