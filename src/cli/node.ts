/** The places of a tree of commands, whatever commands these are. */
import type { Command } from "./command.ts";

/** A command of the tree. */
export interface Leaf {
  kind: "leaf";
  /** One line for the list in help: lower case, no full stop. */
  summary: string;
  /** It speaks to an API server: what takes time there can begin before the command is loaded. */
  dials: boolean;
  /** The words under which it is told of, where it has several: help and hints speak those. */
  synonymOf?: readonly string[];
  load: () => Promise<{ command: Command }>;
}

/** A word that only leads to other words: `kodama cluster`. */
export interface Branch {
  kind: "branch";
  summary: string;
  /** Headings of its help and the commands under each, every one once; without them it is one list. */
  sections?: readonly (readonly [heading: string, names: readonly string[]])[];
  commands: Readonly<Record<string, Node>>;
}

/** A place in the tree. */
export type Node = Leaf | Branch;

/** The place in a tree that the words lead to. */
export function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const word of path) {
    if (node?.kind !== "branch" || !Object.hasOwn(node.commands, word)) return undefined;
    node = node.commands[word];
  }
  return node;
}

/** Every leaf below a node, with its words: each once, whatever other words lead to it. */
export function* leaves(node: Branch, path: readonly string[] = []): Generator<[string[], Leaf]> {
  for (const [name, child] of Object.entries(node.commands)) {
    const words = [...path, name];
    if (child.kind === "leaf" && child.synonymOf !== undefined) continue;
    if (child.kind === "leaf") yield [words, child];
    else yield* leaves(child, words);
  }
}
