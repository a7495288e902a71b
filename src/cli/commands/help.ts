import { styleOf } from "../output.ts";
import { type Command, defineCommand } from "../parser/command.ts";
import { success } from "../exit_codes.ts";
import { helpPage } from "../parser/help.ts";
import { type Branch, nodeAt } from "../parser/node.ts";
import type { Program } from "../program.ts";
import { unknownCommand } from "../parser/unknown_command.ts";

/** `kodama help [COMMAND...]`, for the commands of a tree: it is one of them, so it can't import them. */
export const commandOf = (root: Branch): Command =>
  defineCommand({
    description: "Explains a command, like its flag --help.",
    operands: [{ name: "COMMAND", arity: "any" }],
    flags: {},
    examples: {
      "List all commands": "kodama help",
      "Explain one command": "kodama help cluster up",
    },
    resolve: ({ operands }) => ({ path: operands }),
    async run({ path }, { program, terminal, environment }) {
      await checkPath(root, path, program);
      const columns = terminal.stdout.isTerminal ? terminal.size()?.columns : undefined;
      const style = styleOf(terminal.stdout, environment);
      await terminal.stdout.write(await helpPage(root, path, { program, columns, style }));
      return success;
    },
  });

async function checkPath(root: Branch, path: readonly string[], program: Program): Promise<void> {
  for (const [at, word] of path.entries()) {
    const parent = path.slice(0, at);
    if (nodeAt(root, [...parent, word]) !== undefined) continue;
    throw await unknownCommand(word, parent, root, program);
  }
}
