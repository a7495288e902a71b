/** The help of any place in the tree. Loads the body of the one command that it explains. */
import type { Style } from "../term/style.ts";
import { branchHelp, commandHelp, plainColumns } from "./help.ts";
import type { Program } from "./program.ts";
import { type Node, tree } from "./tree.ts";

/** The page for the words of a path that exists. */
export async function helpPage(
  path: readonly string[],
  options: { program: Program; columns: number | undefined; style: Style },
): Promise<string> {
  const columns = options.columns ?? plainColumns;
  const node = nodeAt(path);
  if (node === undefined) throw new Error(`no help for a command that isn't: ${path.join(" ")}`);
  if (node.kind === "branch") return branchHelp(node, path, { ...options, columns });
  const { command } = await node.load();
  return commandHelp(command, path, { ...options, columns });
}

/** The place in the tree that the words lead to. */
export function nodeAt(path: readonly string[]): Node | undefined {
  let node: Node | undefined = tree;
  for (const word of path) {
    if (node?.kind !== "branch" || !Object.hasOwn(node.commands, word)) return undefined;
    node = node.commands[word];
  }
  return node;
}
