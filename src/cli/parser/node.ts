/** The nodes of a tree of commands, independent of the commands themselves. */
import type { Command } from "./command.ts";

/** A command of the tree. */
export interface CommandLeaf {
  kind: "leaf";
  /** One line for the list in help: lower case, no full stop. */
  summary: string;
  /** It connects to an API server: slow preparation can start before the command is loaded. */
  dials: boolean;
  /** The canonical path, if this one is a synonym: help and hints use the canonical one. */
  synonymOf?: readonly string[];
  /** Its args are another program's, and it sorts them itself: help too, except as the first of them. */
  passesArgs?: true;
  /** Commands below it: the name of one, as the first operand, chooses it. */
  commands?: Readonly<Record<string, CommandLeaf>>;
  load: () => Promise<{ command: Command }>;
}

/** A command group: `kodama cluster`. */
export interface Branch {
  kind: "branch";
  summary: string;
  /** Headings of its help and the commands under each, every one once; without headings it is one list. */
  sections?: readonly (readonly [heading: string, names: readonly string[]])[];
  commands: Readonly<Record<string, CommandNode>>;
}

/** A node of the tree. */
export type CommandNode = CommandLeaf | Branch;

/** Returns the node of a tree at a path of names. */
export function nodeAt(root: CommandNode, path: readonly string[]): CommandNode | undefined {
  let node: CommandNode | undefined = root;
  for (const arg of path) {
    if (node?.commands === undefined || !Object.hasOwn(node.commands, arg)) return undefined;
    node = node.commands[arg];
  }
  return node;
}

/** Yields every leaf below a node, with its path: each once, even if several paths lead to it. */
export function* leaves(
  node: Branch,
  path: readonly string[] = [],
): Generator<[string[], CommandLeaf]> {
  for (const [name, child] of Object.entries(node.commands)) {
    const args = [...path, name];
    if (child.kind === "leaf" && child.synonymOf !== undefined) continue;
    if (child.kind === "branch") {
      yield* leaves(child, args);
      continue;
    }
    yield [args, child];
    for (const [below, leaf] of Object.entries(child.commands ?? {})) {
      yield [[...args, below], leaf];
    }
  }
}
