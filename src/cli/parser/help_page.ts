/** The help page of any node in a tree of commands. Loads the body of the one command that it explains. */
import type { Style } from "../../terminal/style.ts";
import { branchHelp, commandHelp, plainColumns } from "./help.ts";
import type { Program } from "../program.ts";
import { type CommandNode, nodeAt } from "./node.ts";

/** Returns the page for the names of a path that exists. */
export async function helpPage(
  root: CommandNode,
  path: readonly string[],
  options: { program: Program; columns: number | undefined; style: Style; brief?: boolean },
): Promise<string> {
  const columns = options.columns ?? plainColumns;
  const node = nodeAt(root, path);
  if (node === undefined) throw new Error(`no help for a command that isn't: ${path.join(" ")}`);
  if (node.kind === "branch") return branchHelp(node, path, { ...options, columns });
  const { command } = await node.load();
  return commandHelp(command, path, { ...options, columns });
}
